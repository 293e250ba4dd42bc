// `graphql`: records by the UI API's part of the GraphQL API.
//
// Answers `uiapi { query { Object(first, after, where, orderBy, scope) { .. } } }`. Errors come
// with status 200 and no data, as the vendor's. Source: GraphQL API Developer Guide, "Query Records
// with GraphQL", "Errors"; read 2026-11.
#include <nlohmann/json.hpp>

#include "sandbox/graphql/record_answer.h"
#include "sandbox/rest/rest.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr int kSince = 56;
constexpr uint64_t kRowsMax = 4000;  // that `first` and `after` reach

Answer Refused(const Error& error) {
  const ApiErrorParts parts = PartsOf(error);
  const char* type = parts.code == "INVALID_SYNTAX"     ? "InvalidSyntax"
                     : parts.code == "VALIDATION_ERROR" ? "ValidationError"
                                                        : "DataFetchingException";
  const ordered_json one = {{"message", parts.message},
                            {"locations", ordered_json::array()},
                            {"extensions", {{"ErrorType", type}}}};
  return JsonAnswer(200,
                    ordered_json{{"data", nullptr}, {"errors", ordered_json::array({one})}}.dump(
                        -1, ' ', false, ordered_json::error_handler_t::replace));
}

// The page of a connection: rows are passed over up to its cursor.
Result<ordered_json> Page(ApiParts& parts, const ApiRequest& request,
                          const graphql::Selection& connection, const ObjectInfo& object,
                          const Catalogue& catalogue) {
  FIRN_TRY(const auto query, graphql::PlanRecords(catalogue, object, connection, request.version));
  if (query.after + query.first > kRowsMax) {
    return Fail(graphql::ValidationError(connection.place, "A query reaches 4000 records"));
  }
  graphql::ConnectionFacts facts;
  facts.before = query.after;
  if (!query.count_soql.empty()) {
    FIRN_TRY(const auto count, parts.org.Query(query.count_soql, request.Options(false)));
    facts.total = count->count();
  }
  FIRN_TRY(auto cursor, parts.org.Query(query.soql, request.Options(false)));
  ordered_json rows = ordered_json::array();
  for (uint64_t at = 0;; ++at) {
    FIRN_TRY(const bool more, cursor->Next());
    facts.more = more;
    if (!more || rows.size() == query.first) break;
    if (at < query.after) continue;
    std::string row;
    AppendJsonRow(*cursor, request.version, row);
    rows.push_back(ordered_json::parse(row));
  }
  return graphql::ConnectionJson(connection, query.parts, rows, facts);
}

Result<ordered_json> RecordQuery(ApiParts& parts, const ApiRequest& request,
                                 const graphql::Selection& query) {
  const auto catalogue = parts.org.CatalogueFor(request.session.user_id);
  ordered_json out = ordered_json::object();
  for (const graphql::Selection& connection : query.children) {
    if (connection.name == "__typename") {
      out[connection.alias] = "RecordQuery";
      continue;
    }
    const ObjectInfo* object = catalogue->Object(connection.name);
    if (object == nullptr || object->name != connection.name || !object->queryable) {
      return Fail(graphql::ValidationError(
          connection.place, "Validation error (FieldUndefined@[uiapi/query/" + connection.name +
                                "]) : Field '" + connection.name +
                                "' in type 'RecordQuery' is undefined"));
    }
    FIRN_TRY(out[connection.alias], Page(parts, request, connection, *object, *catalogue));
  }
  return out;
}

Error Undefined(const graphql::Selection& selection, const std::string& type) {
  return graphql::ValidationError(selection.place, "Validation error (FieldUndefined) : Field '" +
                                                       selection.name + "' in type '" + type +
                                                       "' is undefined");
}

Result<ordered_json> Run(ApiParts& parts, const ApiRequest& request, const json& body) {
  const std::string name = body.contains("operationName") && body["operationName"].is_string()
                               ? body["operationName"].get<std::string>()
                               : "";
  FIRN_TRY(const auto operation, graphql::ParseDocument(body["query"].get<std::string>(), name,
                                                        body.value("variables", json::object())));
  if (operation.kind != "query") {
    return Fail(graphql::ValidationError({}, "This org runs queries only, no " + operation.kind));
  }
  ordered_json data = ordered_json::object();
  for (const graphql::Selection& top : operation.selections) {
    if (top.name == "__typename") {
      data[top.alias] = "Query";
      continue;
    }
    if (top.name != "uiapi") return Fail(Undefined(top, "Query"));
    ordered_json uiapi = ordered_json::object();
    for (const graphql::Selection& family : top.children) {
      if (family.name != "query") return Fail(Undefined(family, "UIAPI"));
      FIRN_TRY(uiapi[family.alias], RecordQuery(parts, request, family));
    }
    data[top.alias] = std::move(uiapi);
  }
  return data;
}

}  // namespace

Answer HandleGraphql(ApiParts& parts, const ApiRequest& request) {
  if (request.version < kSince) return NotFoundAnswer();
  if (request.method != "POST") return MethodNotAllowed(request.method, "POST");
  const json body = json::parse(request.body, nullptr, false);
  if (!body.is_object() || !body.contains("query") || !body["query"].is_string()) {
    return ErrorAnswer(400, "JSON_PARSER_ERROR", "The body must be an object with a query");
  }
  const auto data = Run(parts, request, body);
  if (!data) return Refused(data.error());
  return JsonAnswer(200, ordered_json{{"data", *data}, {"errors", ordered_json::array()}}.dump());
}

}  // namespace firn::sandbox
