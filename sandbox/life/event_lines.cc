#include "sandbox/life/event_lines.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <span>

#include "core/base/time_text.h"

namespace firn::sandbox {
namespace {

struct EventColumn {
  std::string_view name;
  std::string_view type;
};

constexpr EventColumn kRestApi[] = {{"EVENT_TYPE", "String"},
                                    {"TIMESTAMP", "DateTime"},
                                    {"REQUEST_ID", "Id"},
                                    {"ORGANIZATION_ID", "Id"},
                                    {"USER_ID", "Id"},
                                    {"RUN_TIME", "Number"},
                                    {"CPU_TIME", "Number"},
                                    {"URI", "String"},
                                    {"REQUEST_STATUS", "String"},
                                    {"METHOD", "String"},
                                    {"STATUS_CODE", "Number"},
                                    {"USER_AGENT", "String"},
                                    {"RESPONSE_SIZE", "Number"},
                                    {"ENTITY_NAME", "String"},

                                    {"CONNECTED_APP_NAME", "String"},
                                    {"CLIENT_IP", "String"},
                                    {"API_VERSION", "String"},
                                    {"TIMESTAMP_DERIVED", "String"},
                                    {"USER_ID_DERIVED", "Id"}};
constexpr EventColumn kApiTotalUsage[] = {{"EVENT_TYPE", "String"},
                                          {"TIMESTAMP", "DateTime"},
                                          {"REQUEST_ID", "Id"},
                                          {"ORGANIZATION_ID", "Id"},
                                          {"USER_ID", "Id"},
                                          {"API_FAMILY", "String"},
                                          {"API_VERSION", "Number"},
                                          {"API_RESOURCE", "String"},
                                          {"CLIENT_NAME", "String"},
                                          {"HTTP_METHOD", "String"},
                                          {"CLIENT_IP", "String"},
                                          {"COUNTS_AGAINST_API_LIMIT", "Boolean"},
                                          {"CONNECTED_APP_NAME", "String"},
                                          {"ENTITY_NAME", "String"},
                                          {"STATUS_CODE", "Number"},
                                          {"TIMESTAMP_DERIVED", "String"}};
constexpr EventColumn kBulkApi2[] = {{"EVENT_TYPE", "String"},
                                     {"TIMESTAMP", "DateTime"},
                                     {"REQUEST_ID", "Id"},
                                     {"ORGANIZATION_ID", "Id"},
                                     {"USER_ID", "Id"},
                                     {"RUN_TIME", "Number"},
                                     {"URI", "String"},
                                     {"JOB_ID", "Id"},
                                     {"OPERATION_TYPE", "String"},
                                     {"STATUS_CODE", "Number"},
                                     {"CLIENT_IP", "String"},
                                     {"USER_AGENT", "String"},
                                     {"API_VERSION", "String"},
                                     {"RESPONSE_SIZE", "Number"},
                                     {"REQUEST_STATUS", "String"},
                                     {"USER_ID_DERIVED", "Id"},
                                     {"TIMESTAMP_DERIVED", "String"}};
constexpr EventColumn kLogin[] = {{"EVENT_TYPE", "String"},
                                  {"TIMESTAMP", "DateTime"},
                                  {"REQUEST_ID", "Id"},
                                  {"ORGANIZATION_ID", "Id"},
                                  {"USER_ID", "Id"},
                                  {"USER_NAME", "String"},
                                  {"URI", "String"},
                                  {"API_TYPE", "String"},
                                  {"API_VERSION", "String"},
                                  {"BROWSER_TYPE", "String"},
                                  {"LOGIN_STATUS", "String"},
                                  {"LOGIN_TYPE", "String"},
                                  {"LOGIN_SUB_TYPE", "String"},
                                  {"SOURCE_IP", "String"},
                                  {"TLS_PROTOCOL", "String"},
                                  {"CLIENT_IP", "String"},
                                  {"REQUEST_STATUS", "String"},
                                  {"USER_TYPE", "String"},
                                  {"USER_ID_DERIVED", "Id"},
                                  {"TIMESTAMP_DERIVED", "String"}};
constexpr EventColumn kApi[] = {
    {"EVENT_TYPE", "String"},        {"TIMESTAMP", "DateTime"},  {"REQUEST_ID", "Id"},
    {"ORGANIZATION_ID", "Id"},       {"USER_ID", "Id"},          {"RUN_TIME", "Number"},
    {"CPU_TIME", "Number"},          {"URI", "String"},          {"API_TYPE", "String"},
    {"API_VERSION", "String"},       {"METHOD_NAME", "String"},  {"ENTITY_NAME", "Set"},
    {"ROWS_PROCESSED", "Number"},    {"REQUEST_SIZE", "Number"}, {"RESPONSE_SIZE", "Number"},
    {"REQUEST_STATUS", "String"},    {"CLIENT_NAME", "String"},  {"CLIENT_IP", "String"},
    {"TIMESTAMP_DERIVED", "String"}, {"USER_ID_DERIVED", "Id"}};
constexpr EventColumn kLogout[] = {{"EVENT_TYPE", "String"},  {"TIMESTAMP", "DateTime"},
                                   {"REQUEST_ID", "Id"},      {"ORGANIZATION_ID", "Id"},
                                   {"USER_ID", "Id"},         {"USER_INITIATED_LOGOUT", "Boolean"},
                                   {"CLIENT_IP", "String"},   {"USER_TYPE", "String"},
                                   {"USER_ID_DERIVED", "Id"}, {"TIMESTAMP_DERIVED", "String"}};

std::span<const EventColumn> ColumnsOf(std::string_view type) {
  if (type == "RestApi") return kRestApi;
  if (type == "ApiTotalUsage") return kApiTotalUsage;
  if (type == "BulkApi2") return kBulkApi2;
  if (type == "Login") return kLogin;
  if (type == "Logout") return kLogout;
  if (type == "API") return kApi;
  return {};
}

void AppendQuoted(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
  out += '"';
}

using Cells = std::map<std::string_view, std::string>;

EventLine Line(std::string_view type, const Cells& cells) {
  EventLine line{std::string(type), ""};
  for (const EventColumn& column : ColumnsOf(type)) {
    if (!line.csv.empty()) line.csv += ',';
    const auto found = cells.find(column.name);
    AppendQuoted(found == cells.end() ? std::string_view() : found->second, line.csv);
  }
  line.csv += '\n';
  return line;
}

// `20261125231502.123`, the form of TIMESTAMP.
std::string Stamp(UtcMicros at) {
  std::string digits;
  for (const char c : FormatUtc(at, 3)) {
    if ((c >= '0' && c <= '9') || c == '.') digits += c;
  }
  return digits;
}

Cells Common(std::string_view type, UtcMicros at, const std::string& user_id,
             const EventContext& context) {
  return {{"EVENT_TYPE", std::string(type)},
          {"TIMESTAMP", Stamp(at)},
          {"TIMESTAMP_DERIVED", FormatUtc(at, 3)},
          {"REQUEST_ID", context.request_id},
          {"ORGANIZATION_ID", context.org_id.substr(0, 15)},
          {"USER_ID", user_id.substr(0, 15)},
          {"USER_ID_DERIVED", user_id},
          {"CLIENT_IP", context.client_ip},
          {"USER_TYPE", "Standard"}};
}

// What follows `/name/` in a path, up to the next slash.
std::string After(const std::string& path, std::string_view name) {
  const size_t at = path.find(name);
  if (at == std::string::npos) return "";
  const size_t from = at + name.size();
  return path.substr(from, std::min(path.find('/', from), path.size()) - from);
}

// A call of the SOAP API: `/services/Soap/u/60.0`, E for the enterprise WSDL and P for the
// partner's.
EventLine SoapLine(const RequestLine& line, const EventContext& context) {
  Cells cells = Common("API", line.at, line.username, context);
  const bool enterprise = line.path.starts_with("/services/Soap/c/");
  cells["RUN_TIME"] = cells["CPU_TIME"] = std::to_string(line.micros / 1000);
  cells["URI"] = "Api";
  cells["API_TYPE"] = enterprise ? "E" : "P";
  cells["API_VERSION"] = After(line.path, enterprise ? "/Soap/c/" : "/Soap/u/");
  cells["METHOD_NAME"] = context.soap_method;
  cells["ROWS_PROCESSED"] = "0";
  cells["REQUEST_SIZE"] = std::to_string(context.request_bytes);
  cells["RESPONSE_SIZE"] = std::to_string(line.bytes);
  cells["REQUEST_STATUS"] = line.status < 400 ? "S" : "F";
  cells["CLIENT_NAME"] = line.client;
  return Line("API", cells);
}

}  // namespace

std::vector<EventLine> LinesOf(const RequestLine& line, const EventContext& context) {
  constexpr std::string_view kRoot = "/services/data/v";
  if (line.path.starts_with("/services/Soap/")) return {SoapLine(line, context)};
  if (!line.path.starts_with(kRoot)) return {};
  const bool bulk = line.path.find("/jobs/") != std::string::npos;
  const std::string version = After(line.path, kRoot);
  Cells cells = Common(bulk ? "BulkApi2" : "RestApi", line.at, line.username, context);
  const std::string entity = After(line.path, "/sobjects/");
  cells["RUN_TIME"] = std::to_string(line.micros / 1000);
  cells["CPU_TIME"] = std::to_string(line.micros / 1000);
  cells["URI"] = line.path;
  cells["REQUEST_STATUS"] = line.status < 400 ? "S" : "F";
  cells["METHOD"] = cells["HTTP_METHOD"] = line.method;
  cells["STATUS_CODE"] = std::to_string(line.status);
  cells["USER_AGENT"] = context.user_agent;
  cells["RESPONSE_SIZE"] = std::to_string(line.bytes);
  cells["ENTITY_NAME"] = entity;
  cells["CONNECTED_APP_NAME"] = cells["CLIENT_NAME"] = line.client;
  cells["API_VERSION"] = version;
  if (bulk) {
    const bool ingest = line.path.find("/jobs/ingest") != std::string::npos;
    cells["JOB_ID"] = After(line.path, ingest ? "/jobs/ingest/" : "/jobs/query/").substr(0, 15);
    cells["OPERATION_TYPE"] = ingest ? "INGEST" : "QUERY";
  }
  std::vector<EventLine> lines = {Line(cells["EVENT_TYPE"], cells)};
  cells["EVENT_TYPE"] = "ApiTotalUsage";
  cells["API_FAMILY"] = bulk ? "BULK" : "REST";
  cells["API_RESOURCE"] = line.path.substr(kRoot.size() - 1);
  cells["COUNTS_AGAINST_API_LIMIT"] = line.cost > 0 ? "1" : "0";
  lines.push_back(Line("ApiTotalUsage", cells));
  return lines;
}

EventLine LoginLine(const SignInAttempt& attempt, UtcMicros at, bool tls,
                    const EventContext& context) {
  Cells cells = Common("Login", at, attempt.user_id, context);
  const bool soap = !attempt.api_version.empty();
  cells["USER_NAME"] = attempt.username;
  cells["URI"] = soap ? "/services/Soap/u/" + attempt.api_version : "/services/oauth2/token";
  cells["API_TYPE"] = soap ? "P" : "";
  cells["API_VERSION"] = soap ? attempt.api_version : "9998.0";
  cells["BROWSER_TYPE"] = context.user_agent;
  cells["LOGIN_STATUS"] = attempt.status == "Success" ? "LOGIN_NO_ERROR" : "LOGIN_ERROR";
  cells["LOGIN_TYPE"] = attempt.login_type;
  cells["LOGIN_SUB_TYPE"] = attempt.sub_type;
  cells["SOURCE_IP"] = context.client_ip;
  cells["TLS_PROTOCOL"] = tls ? "TLSv1.3" : "";
  cells["REQUEST_STATUS"] = attempt.status == "Success" ? "S" : "F";
  return Line("Login", cells);
}

EventLine LogoutLine(const std::string& user_id, UtcMicros at, const EventContext& context) {
  Cells cells = Common("Logout", at, user_id, context);
  cells["USER_INITIATED_LOGOUT"] = "1";
  return Line("Logout", cells);
}

std::string FieldNamesOf(std::string_view type) {
  std::string names;
  for (const EventColumn& column : ColumnsOf(type)) {
    names += names.empty() ? "" : ",";
    names += column.name;
  }
  return names;
}

std::string FieldTypesOf(std::string_view type) {
  std::string types;
  for (const EventColumn& column : ColumnsOf(type)) {
    types += types.empty() ? "" : ",";
    types += column.type;
  }
  return types;
}

std::string HeaderOf(std::string_view type) {
  std::string header;
  for (const EventColumn& column : ColumnsOf(type)) {
    header += header.empty() ? "" : ",";
    AppendQuoted(column.name, header);
  }
  return header + "\n";
}

}  // namespace firn::sandbox
