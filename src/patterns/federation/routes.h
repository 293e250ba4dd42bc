// The calls of the REST catalog: which path and method each has, and the functions behind them.
// Source: REST catalog spec (rest-catalog-open-api.yaml of Iceberg 1.11), read 2026-11.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "patterns/federation/desk.h"
#include "patterns/federation/exchange.h"

namespace firn::federation {

using RouteFunction = Result<Answer> (*)(Desk& desk, const Exchange& exchange);

struct Route {
  std::string_view method;
  std::string_view path;  // as in the specification, with {prefix}
  RouteFunction run = nullptr;
  bool takes_body = false;
  // For calls that change something, which honour an Idempotency-Key: the answer to a call that is
  // known to have been made, out of the state as it is now.
  RouteFunction replay = nullptr;
};

[[nodiscard]] std::span<const Route> Routes();

struct RouteMatch {
  const Route* route = nullptr;  // nullptr: no such path, or not with that method
  bool path_known = false;
  std::map<std::string, std::string> vars;
};
// `path`: as sent, still encoded, without the query. Names are decoded one by one, so that a `/` in
// a name is no separator.
[[nodiscard]] RouteMatch MatchRoute(std::string_view method, std::string_view path);

// `%2F` to `/`, `+` to a blank (the Java client writes form encoding in paths too).
[[nodiscard]] std::string Decoded(std::string_view text);
[[nodiscard]] std::map<std::string, std::string> QueryParams(std::string_view query);

// routes_config.cc
[[nodiscard]] Result<Answer> GetConfig(Desk& desk, const Exchange& exchange);
// routes_namespaces.cc
[[nodiscard]] Result<Answer> ListNamespaces(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> CreateNamespace(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> LoadNamespace(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> NamespaceExists(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> DropNamespace(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> UpdateNamespace(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> ReplayNamespace(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> ReplayNamespaceUpdate(Desk& desk, const Exchange& exchange);
// routes_tables.cc
[[nodiscard]] Result<Answer> ListTables(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> CreateTable(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> LoadTable(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> TableExists(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> CommitTable(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> DropTable(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> RegisterTable(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> UnregisterTable(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> RenameTable(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> CommitTransaction(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> ReportMetrics(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> ReplayTable(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> ReplayUnregister(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> ReplayNothing(Desk& desk, const Exchange& exchange);
// routes_storage.cc
[[nodiscard]] Result<Answer> LoadCredentials(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> SignForTable(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> SignAnywhere(Desk& desk, const Exchange& exchange);
// routes_plan.cc
[[nodiscard]] Result<Answer> PlanTableScan(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> FetchScanTasks(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> FetchPlan(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> CancelPlan(Desk& desk, const Exchange& exchange);
// routes_views.cc
[[nodiscard]] Result<Answer> ListViews(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> CreateView(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> LoadView(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> ViewExists(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> CommitView(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> DropView(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> RenameView(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> RegisterView(Desk& desk, const Exchange& exchange);
[[nodiscard]] Result<Answer> ReplayView(Desk& desk, const Exchange& exchange);

}  // namespace firn::federation
