// `search` and `parameterizedSearch`: text searches, by SOSL and by parameters.
// Source: REST API Developer Guide, "Search", "Search with Parameters in the URI", "Search with
// Parameters in the Request Body", read 2026-11.
#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "sandbox/rest/rest.h"
#include "sandbox/search/search_run.h"
#include "sandbox/text.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

// Before, the answer was the list alone.
constexpr int kObjectSince = 37;
constexpr int kParametersSince = 36;
constexpr uint64_t kLimitMax = 2000;

ordered_json Metadata(const Catalogue& catalogue, const SearchAnswer& found) {
  ordered_json entities = ordered_json::array();
  for (const auto& [name, fields] : found.fields) {
    const ObjectInfo* object = catalogue.Object(name);
    ordered_json labels = ordered_json::array();
    for (const std::string& field_name : fields) {
      const FieldInfo* field = object == nullptr ? nullptr : object->Field(field_name);
      if (field != nullptr) labels.push_back({{"name", field->name}, {"label", field->label}});
    }
    entities.push_back({{"entityName", name}, {"fieldMetadata", std::move(labels)}});
  }
  // So spelt in the vendor's answers.
  return {{"entityetadata", std::move(entities)}};
}

Answer Run(ApiParts& parts, const ApiRequest& request, const SoslQuery& query) {
  const auto found = RunSearch(parts.org, query, request.Options(false));
  if (!found) return ErrorAnswer(found.error());
  std::string list = "[";
  for (const std::string& record : found->records) list += (list.size() > 1 ? "," : "") + record;
  list += ']';
  if (request.version < kObjectSince) return JsonAnswer(200, std::move(list));
  std::string body = "{\"searchRecords\":" + list;
  if (query.metadata) {
    const auto catalogue = parts.org.CatalogueFor(request.session.user_id);
    body += ",\"metadata\":" + Metadata(*catalogue, *found).dump();
  }
  return JsonAnswer(200, body + "}");
}

Result<std::optional<uint64_t>> Limit(const std::string& name, const std::string& text) {
  if (text.empty()) return std::optional<uint64_t>();
  uint64_t limit = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || limit > kLimitMax) {
    return Fail(ApiError(400, "INVALID_SEARCH", name + " must be a number from 0 to 2000"));
  }
  return std::optional(limit);
}

// What both ways of asking come to, before objects are told apart.
struct Wish {
  std::string text;
  std::string group = "ALL";
  std::string fields;  // of objects that name none
  std::string default_limit;
  std::string overall_limit;
  std::string metadata;
  std::vector<SearchTarget> targets;
};

Result<SoslQuery> QueryOf(Wish wish) {
  SoslQuery query;
  if (wish.text.empty()) {
    return Fail(ApiError(400, "INVALID_SEARCH", "The search string q is needed"));
  }
  FIRN_TRY(auto expression, SearchExpression::Literal(wish.text, false));
  query.expression = std::move(expression);
  const auto group = SearchGroupByName(wish.group);
  if (!group) {
    return Fail(ApiError(400, "INVALID_SEARCH", "in is ALL, NAME, EMAIL, PHONE or SIDEBAR"));
  }
  query.group = *group;
  FIRN_TRY(const auto overall, Limit("overallLimit", wish.overall_limit));
  FIRN_TRY(const auto each, Limit("defaultLimit", wish.default_limit));
  query.limit = overall.value_or(kLimitMax);
  query.metadata = Folded(wish.metadata) == "labels";
  if (wish.targets.empty() && (!wish.fields.empty() || each)) {
    return Fail(ApiError(400, "INVALID_SEARCH", "fields and defaultLimit need an sobject"));
  }
  for (SearchTarget& target : wish.targets) {
    if (target.fields.empty()) target.fields = wish.fields;
    if (!target.limit) target.limit = each;
  }
  query.targets = std::move(wish.targets);
  return query;
}

Result<Wish> WishOfUri(const ApiRequest& request) {
  Wish wish;
  wish.text = request.Query("q");
  if (const std::string group = request.Query("in"); !group.empty()) wish.group = group;
  wish.fields = request.Query("fields");
  wish.default_limit = request.Query("defaultLimit");
  wish.overall_limit = request.Query("overallLimit");
  wish.metadata = request.Query("metadata");
  for (const auto& [key, value] : request.query) {
    if (key != "sobject") continue;
    for (const std::string& name : Pieces(value, ',')) {
      SearchTarget target;
      target.object = name;
      target.fields = request.Query(name + ".fields");
      target.where = request.Query(name + ".where");
      target.order_by = request.Query(name + ".orderBy");
      FIRN_TRY(target.limit, Limit(name + ".limit", request.Query(name + ".limit")));
      wish.targets.push_back(std::move(target));
    }
  }
  return wish;
}

// A text, or a number as its digits.
std::string Text(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

std::string FieldList(const json& object) {
  std::string list;
  const auto found = object.find("fields");
  if (found == object.end()) return list;
  if (found->is_string()) return found->get<std::string>();
  for (const json& field : *found) {
    if (field.is_string()) list += (list.empty() ? "" : ", ") + field.get<std::string>();
  }
  return list;
}

std::string OrderBy(const json& object) {
  const auto found = object.find("orderBy");
  if (found == object.end()) return "";
  if (found->is_string()) return found->get<std::string>();
  std::string list;
  for (const json& one : *found) {
    if (one.is_string()) list += (list.empty() ? "" : ", ") + one.get<std::string>();
  }
  return list;
}

Result<Wish> WishOfBody(const ApiRequest& request) {
  const json body = json::parse(request.body, nullptr, false);
  if (!body.is_object()) {
    return Fail(ApiError(400, "JSON_PARSER_ERROR", "The HTTP entity body is not a JSON object"));
  }
  Wish wish;
  wish.text = Text(body, "q");
  if (const std::string group = Text(body, "in"); !group.empty()) wish.group = group;
  wish.fields = FieldList(body);
  wish.default_limit = Text(body, "defaultLimit");
  wish.overall_limit = Text(body, "overallLimit");
  wish.metadata = Text(body, "metadata");
  const auto objects = body.find("sobjects");
  if (objects == body.end() || !objects->is_array()) return wish;
  for (const json& one : *objects) {
    SearchTarget target;
    if (one.is_object()) target.object = Text(one, "name");
    if (target.object.empty()) {
      return Fail(ApiError(400, "INVALID_SEARCH", "Each of sobjects needs a name"));
    }
    target.fields = FieldList(one);
    target.where = Text(one, "where");
    target.order_by = OrderBy(one);
    FIRN_TRY(target.limit, Limit("limit", Text(one, "limit")));
    wish.targets.push_back(std::move(target));
  }
  return wish;
}

}  // namespace

Answer HandleSearch(ApiParts& parts, const ApiRequest& request) {
  if (request.method != "GET" && request.method != "HEAD") {
    return MethodNotAllowed(request.method, "GET,HEAD");
  }
  const std::string text = request.Query("q");
  if (text.empty()) {
    return ErrorAnswer(400, "MALFORMED_SEARCH", "SOSL statements cannot be empty or null");
  }
  const auto query = ParseSosl(text);
  return query ? Run(parts, request, *query) : ErrorAnswer(query.error());
}

Answer HandleParameterizedSearch(ApiParts& parts, const ApiRequest& request) {
  if (request.version < kParametersSince) return NotFoundAnswer();
  const bool body = request.method == "POST";
  if (!body && request.method != "GET" && request.method != "HEAD") {
    return MethodNotAllowed(request.method, "GET,HEAD,POST");
  }
  auto wish = body ? WishOfBody(request) : WishOfUri(request);
  if (!wish) return ErrorAnswer(wish.error());
  const auto query = QueryOf(*std::move(wish));
  return query ? Run(parts, request, *query) : ErrorAnswer(query.error());
}

}  // namespace firn::sandbox
