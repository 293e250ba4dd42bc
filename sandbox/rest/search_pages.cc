// What search boxes ask for beside searches: the order of objects, columns of results, suggestions.
// Source: REST API Developer Guide, "Search Scope and Order", "Search Result Layouts", "Search for
// Records Suggested by Autocomplete and Instant Results", read 2026-11.
#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "sandbox/rest/rest.h"
#include "sandbox/search/search_run.h"
#include "sandbox/text.h"

namespace firn::sandbox {
namespace {

using nlohmann::ordered_json;

constexpr int kSuggestionsSince = 32;
constexpr size_t kSuggestionsDefault = 5;
constexpr size_t kSuggestionsMax = 200;
constexpr size_t kLayoutObjectsMax = 100;
constexpr int kRowsOfFirstPage = 25;

// A new user has pinned nothing: what is used most, first.
Answer ScopeOrder(ApiParts& parts, const ApiRequest& request) {
  ordered_json order = ordered_json::array();
  const auto catalogue = parts.org.CatalogueFor(request.session.user_id);
  for (const char* name : {"Account", "Contact", "Lead", "Opportunity", "Case", "Task", "Event",
                           "User", "Campaign", "Product2", "Solution", "ContentVersion"}) {
    const ObjectInfo* object = catalogue->Object(name);
    if (object == nullptr || !object->searchable) continue;
    order.push_back({{"type", object->name},
                     {"url", request.Root() + "/sobjects/" + object->name + "/describe"}});
  }
  return JsonAnswer(200, order.dump());
}

ordered_json LayoutColumn(const ObjectInfo& object, const FieldInfo& field) {
  ordered_json format = nullptr;
  if (field.type == FieldType::kDate) format = "date";
  if (field.type == FieldType::kDateTime) format = "dateTime";
  return {{"field", object.name + "." + field.name},
          {"format", std::move(format)},
          {"label", field.label},
          {"name", field.name}};
}

// The name, ways to reach somebody, what state it is in, the owner.
ordered_json Layout(const ObjectInfo& object, const Catalogue& catalogue, int version) {
  constexpr size_t kColumnsMax = 6;
  ordered_json columns = ordered_json::array();
  for (const FieldInfo& field : object.fields) {
    const bool told = field.name_field || field.type == FieldType::kPhone ||
                      field.type == FieldType::kEmail || field.name == "Status" ||
                      field.name == "StageName" || field.name == "CloseDate" ||
                      field.name == "Company" || field.name == "Site";
    if (!told || !VisibleField(field, version)) continue;
    if (columns.size() < kColumnsMax) columns.push_back(LayoutColumn(object, field));
  }
  const ObjectInfo* user = catalogue.Object("User");
  const FieldInfo* alias = user == nullptr ? nullptr : user->Field("Alias");
  if (object.Relationship("Owner") != nullptr && alias != nullptr) {
    columns.push_back({{"field", "User.Alias"},
                       {"format", nullptr},
                       {"label", object.label + " Owner Alias"},
                       {"name", "Owner.Alias"}});
  }
  return {{"label", "Search Results"},
          {"limitRows", kRowsOfFirstPage},
          {"searchColumns", std::move(columns)}};
}

Answer Layouts(ApiParts& parts, const ApiRequest& request) {
  const std::vector<std::string> names = Pieces(request.Query("q"), ',');
  if (names.empty() || names.size() > kLayoutObjectsMax) {
    return ErrorAnswer(400, "INVALID_SEARCH", "q names 1 to 100 objects, parted by commas");
  }
  const auto catalogue = parts.org.CatalogueFor(request.session.user_id);
  ordered_json layouts = ordered_json::array();
  for (const std::string& name : names) {
    const ObjectInfo* object = catalogue->Object(name);
    if (object == nullptr || !object->searchable) {
      return ErrorAnswer(400, "INVALID_TYPE", "sObject type '" + name + "' is not supported.");
    }
    layouts.push_back(Layout(*object, *catalogue, request.version));
  }
  return JsonAnswer(200, layouts.dump());
}

// The fields of a suggestion: its id, its name, and those that were asked for.
std::string SuggestedFields(const ObjectInfo& object, const std::vector<std::string>& more) {
  std::string list = "Id";
  const FieldInfo* name = object.NameField();
  if (name != nullptr && !name->hidden) list += ", " + name->name;
  for (const std::string& field : more) {
    const bool there =
        Folded(field) == "id" || (name != nullptr && Folded(field) == Folded(name->name));
    if (!there) list += ", " + field;
  }
  return list;
}

Answer Suggestions(ApiParts& parts, const ApiRequest& request) {
  if (request.version < kSuggestionsSince) return NotFoundAnswer();
  const std::vector<std::string> names = Pieces(request.Query("sobject"), ',');
  if (names.empty() || request.Query("q").empty()) {
    return ErrorAnswer(400, "INVALID_SEARCH", "q and sobject are needed");
  }
  size_t limit = kSuggestionsDefault;
  if (const std::string text = request.Query("limit"); !text.empty()) {
    const auto read = std::from_chars(text.data(), text.data() + text.size(), limit);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size()) {
      return ErrorAnswer(400, "INVALID_SEARCH", "limit must be a number");
    }
  }
  limit = std::min(limit, kSuggestionsMax);
  SoslQuery query;
  auto expression = SearchExpression::Literal(request.Query("q"), true);
  if (!expression) return ErrorAnswer(expression.error());
  query.expression = *std::move(expression);
  query.group = SearchGroup::kName;
  query.limit = limit + 1;
  const auto catalogue = parts.org.CatalogueFor(request.session.user_id);
  const bool ignores = request.Query("ignoreUnsupportedSObjects") == "true";
  for (const std::string& name : names) {
    const ObjectInfo* object = catalogue->Object(name);
    if (object == nullptr || !object->searchable) {
      if (ignores) continue;
      return ErrorAnswer(400, "INVALID_TYPE", "sObject type '" + name + "' is not supported.");
    }
    SearchTarget target;
    target.object = object->name;
    target.fields = SuggestedFields(*object, Pieces(request.Query("fields"), ','));
    query.targets.push_back(std::move(target));
  }
  auto found = query.targets.empty() ? Result<SearchAnswer>(SearchAnswer())
                                     : RunSearch(parts.org, query, request.Options(false));
  if (!found) return ErrorAnswer(found.error());
  const bool more = found->records.size() > limit;
  if (more) found->records.resize(limit);
  std::string list;
  for (const std::string& record : found->records) list += (list.empty() ? "" : ",") + record;
  return JsonAnswer(200, "{\"autoSuggestResults\":[" + list +
                             "],\"hasMoreResults\":" + (more ? "true" : "false") + "}");
}

}  // namespace

Answer HandleSearchPages(ApiParts& parts, const ApiRequest& request) {
  if (request.method != "GET" && request.method != "HEAD") {
    return MethodNotAllowed(request.method, "GET,HEAD");
  }
  const std::string& what = request.path[1];
  if (what == "scopeOrder") return ScopeOrder(parts, request);
  if (what == "layout") return Layouts(parts, request);
  if (what == "suggestions") return Suggestions(parts, request);
  return NotFoundAnswer();
}

}  // namespace firn::sandbox
