#include "patterns/federation/routes.h"

#include <vector>

namespace firn::federation {
namespace {

#define NS "/v1/{prefix}/namespaces/{namespace}"
constexpr Route kRoutes[] = {
    {"GET", "/v1/config", GetConfig},
    {"GET", "/v1/{prefix}/namespaces", ListNamespaces},
    {"POST", "/v1/{prefix}/namespaces", CreateNamespace, true, ReplayNamespace},
    {"GET", NS, LoadNamespace},
    {"HEAD", NS, NamespaceExists},
    {"DELETE", NS, DropNamespace, false, ReplayNothing},
    {"POST", NS "/properties", UpdateNamespace, true, ReplayNamespaceUpdate},
    {"GET", NS "/tables", ListTables},
    {"POST", NS "/tables", CreateTable, true, ReplayTable},
    {"GET", NS "/tables/{table}", LoadTable},
    {"HEAD", NS "/tables/{table}", TableExists},
    {"POST", NS "/tables/{table}", CommitTable, true, ReplayTable},
    {"DELETE", NS "/tables/{table}", DropTable, false, ReplayNothing},
    {"POST", NS "/register", RegisterTable, true, ReplayTable},
    {"POST", NS "/tables/{table}/unregister", UnregisterTable, false, ReplayUnregister},
    {"POST", "/v1/{prefix}/tables/rename", RenameTable, true, ReplayNothing},
    {"POST", "/v1/{prefix}/transactions/commit", CommitTransaction, true, ReplayNothing},
    {"POST", NS "/tables/{table}/metrics", ReportMetrics, true},
    {"GET", NS "/tables/{table}/credentials", LoadCredentials},
    {"POST", NS "/tables/{table}/sign", SignForTable, true},
    {"POST", NS "/tables/{table}/plan", PlanTableScan, true},
    {"GET", NS "/tables/{table}/plan/{plan-id}", FetchPlan},
    {"DELETE", NS "/tables/{table}/plan/{plan-id}", CancelPlan},
    {"POST", NS "/tables/{table}/tasks", FetchScanTasks, true},
    {"POST", "/v1/aws/s3/sign", SignAnywhere, true},
    {"GET", NS "/views", ListViews},
    {"POST", NS "/views", CreateView, true, ReplayView},
    {"GET", NS "/views/{view}", LoadView},
    {"HEAD", NS "/views/{view}", ViewExists},
    {"POST", NS "/views/{view}", CommitView, true, ReplayView},
    {"DELETE", NS "/views/{view}", DropView, false, ReplayNothing},
    {"POST", "/v1/{prefix}/views/rename", RenameView, true, ReplayNothing},
    {"POST", NS "/register-view", RegisterView, true, ReplayView},
};
#undef NS

std::vector<std::string_view> Parts(std::string_view path) {
  std::vector<std::string_view> parts;
  size_t at = 1;
  while (at <= path.size()) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    // The server has no prefix: `/v1/{prefix}/namespaces` is served at `/v1/namespaces`.
    if (part != "{prefix}") parts.push_back(part);
    at = end + 1;
  }
  if (parts.size() > 1 && parts.back().empty()) parts.pop_back();
  return parts;
}

bool Fits(const std::vector<std::string_view>& pattern, const std::vector<std::string_view>& parts,
          std::map<std::string, std::string>& vars) {
  if (pattern.size() != parts.size()) return false;
  vars.clear();
  for (size_t i = 0; i < parts.size(); ++i) {
    if (pattern[i].starts_with('{')) {
      vars[std::string(pattern[i].substr(1, pattern[i].size() - 2))] = Decoded(parts[i]);
    } else if (pattern[i] != parts[i]) {
      return false;
    }
  }
  return true;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::span<const Route> Routes() { return kRoutes; }

std::string Decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 &&
               HexDigit(text[i + 2]) >= 0) {
      out += static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::map<std::string, std::string> QueryParams(std::string_view query) {
  std::map<std::string, std::string> params;
  size_t at = 0;
  while (at < query.size()) {
    const size_t end = std::min(query.find('&', at), query.size());
    const std::string_view pair = query.substr(at, end - at);
    const size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view value = equals < pair.size() ? pair.substr(equals + 1) : "";
    if (!pair.empty()) params[Decoded(pair.substr(0, equals))] = Decoded(value);
    at = end + 1;
  }
  return params;
}

RouteMatch MatchRoute(std::string_view method, std::string_view path) {
  RouteMatch match;
  const auto parts = Parts(path);
  std::map<std::string, std::string> vars;
  for (const Route& route : kRoutes) {
    if (!Fits(Parts(route.path), parts, vars)) continue;
    match.path_known = true;
    if (route.method != method) continue;
    match.route = &route;
    match.vars = std::move(vars);
    return match;
  }
  return match;
}

}  // namespace firn::federation
