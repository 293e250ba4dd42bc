// `/sobjects/X/listviews`: the lists a new org has of each object, with their columns and rows.
// Source: REST API Developer Guide, "List Views for an Object", "List View Basic Information",
// "List View Describe", "List View Results", "Recent List Views"; SOAP API Developer Guide,
// 'DescribeSoqlListView', 'ListViewColumn'; read 2026-11.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sandbox/rest/app_pages.h"
#include "sandbox/rest/rest.h"

namespace firn::sandbox {
namespace {

using nlohmann::ordered_json;

constexpr size_t kColumnsMax = 5;
constexpr int64_t kRowsMax = 2000;
constexpr int64_t kRowsDefault = 25;
constexpr int kSince = 32;

struct ListView {
  std::string id;
  std::string developer_name;
  std::string label;
  bool mine = false;
  bool this_week = false;
};

std::vector<ListView> ViewsOf(const ObjectInfo& object) {
  std::vector<ListView> views;
  if (!object.layoutable || object.NameField() == nullptr) return views;
  std::string plural = object.label_plural;
  std::erase(plural, ' ');
  const auto add = [&](const std::string& developer_name, const std::string& label) -> ListView& {
    const uint64_t number =
        1'000'000'000ULL + static_cast<uint64_t>(object.number) * 8 + views.size();
    views.push_back({IdText(MakeId("00B", number)), developer_name, label, false, false});
    return views.back();
  };
  add("All" + plural, "All " + object.label_plural);
  if (object.Field("OwnerId") != nullptr) {
    add("My" + plural, "My " + object.label_plural).mine = true;
  }
  if (object.Field("CreatedDate") != nullptr) {
    add("NewThisWeek", "New This Week").this_week = true;
  }
  return views;
}

ordered_json Basics(const ListView& view, const std::string& base) {
  const std::string url = base + '/' + view.id;
  return {{"describeUrl", url + "/describe"},
          {"developerName", view.developer_name},
          {"id", view.id},
          {"label", view.label},
          {"resultsUrl", url + "/results"},
          {"soqlCompatible", true},
          {"url", url}};
}

Answer List(const ObjectInfo& object, const std::string& base) {
  ordered_json views = ordered_json::array();
  for (const ListView& view : ViewsOf(object)) views.push_back(Basics(view, base));
  const size_t size = views.size();
  return JsonAnswer(200, ordered_json{{"done", true},
                                      {"listviews", std::move(views)},
                                      {"nextRecordsUrl", nullptr},
                                      {"size", size},
                                      {"sobjectType", object.name}}
                             .dump());
}

struct ShownField {
  const FieldInfo* field = nullptr;
  bool hidden = false;  // there for the client, not for the eye
};

std::vector<ShownField> FieldsOf(const ObjectInfo& object, int version) {
  std::vector<ShownField> fields = {{object.NameField(), false}};
  for (const FieldInfo& field : object.fields) {
    const bool plain = field.createable && field.sortable && field.compound_field_name.empty() &&
                       field.type != FieldType::kReference && !field.name_field;
    if (fields.size() < kColumnsMax && plain && VisibleField(field, version)) {
      fields.push_back({&field, false});
    }
  }
  for (const char* name : {"Id", "CreatedDate", "LastModifiedDate", "SystemModstamp"}) {
    const FieldInfo* field = object.Field(name);
    if (field != nullptr && VisibleField(*field, version)) fields.push_back({field, true});
  }
  return fields;
}

std::string SelectItemOf(const FieldInfo& field) {
  return field.type == FieldType::kPicklist ? "toLabel(" + field.name + ')' : field.name;
}

// What a page calls the two directions.
std::pair<const char*, const char*> Directions(FieldType type) {
  if (IsDecimal(type) || type == FieldType::kInt || type == FieldType::kLong) return {"9-0", "0-9"};
  if (type == FieldType::kDate || type == FieldType::kDateTime) return {"New to Old", "Old to New"};
  return {"Z-A", "A-Z"};
}

ordered_json Columns(const std::vector<ShownField>& fields) {
  ordered_json columns = ordered_json::array();
  for (const ShownField& shown : fields) {
    const FieldInfo& field = *shown.field;
    const bool sortable = field.sortable && !shown.hidden;
    const auto [ascending, descending] = Directions(field.type);
    const bool sorts = columns.empty();
    columns.push_back({{"ascendingLabel", sortable ? ordered_json(ascending) : nullptr},
                       {"descendingLabel", sortable ? ordered_json(descending) : nullptr},
                       {"fieldNameOrPath", field.name},
                       {"hidden", shown.hidden},
                       {"label", field.label},
                       {"selectListItem", SelectItemOf(field)},
                       {"sortDirection", sorts ? ordered_json("ascending") : nullptr},
                       {"sortIndex", sorts ? ordered_json(0) : nullptr},
                       {"sortable", sortable},
                       {"type", TypeName(field.type)}});
  }
  return columns;
}

std::string SoqlOf(const ObjectInfo& object, const ListView& view,
                   const std::vector<ShownField>& fields) {
  std::string soql = "SELECT ";
  for (const ShownField& shown : fields) {
    soql += (soql.size() > 7 ? ", " : "") + SelectItemOf(*shown.field);
  }
  soql += " FROM " + object.name;
  if (view.mine) soql += " USING SCOPE mine";
  if (view.this_week) soql += " WHERE CreatedDate = THIS_WEEK";
  return soql + " ORDER BY " + object.NameField()->name + " ASC NULLS FIRST, Id ASC NULLS FIRST";
}

Answer Describe(const ObjectInfo& object, const ListView& view, int version) {
  const auto fields = FieldsOf(object, version);
  const auto order = [](const std::string& field) {
    return ordered_json{
        {"fieldNameOrPath", field}, {"nullsPosition", "first"}, {"sortDirection", "ascending"}};
  };
  ordered_json where = nullptr;
  if (view.this_week) {
    where = {{"field", "CreatedDate"},
             {"operator", "equals"},
             {"values", ordered_json::array({"THIS_WEEK"})}};
  }
  return JsonAnswer(
      200,
      ordered_json{{"columns", Columns(fields)},
                   {"id", view.id},
                   {"orderBy", ordered_json::array({order(object.NameField()->name), order("Id")})},
                   {"query", SoqlOf(object, view, fields)},
                   {"relatedEntityId", nullptr},
                   {"scope", view.mine ? ordered_json("mine") : nullptr},
                   {"scopeEntityId", nullptr},
                   {"sobjectType", object.name},
                   {"whereCondition", std::move(where)}}
          .dump());
}

// Everything is text there, instants as a Java Date prints itself.
ordered_json CellOf(const Value& value) {
  if (value.null()) return nullptr;
  if (value.kind == Value::Kind::kDateTime) {
    return fmt::format("{:%a %b %d %H:%M:%S GMT %Y}",
                       fmt::gmtime(static_cast<std::time_t>(value.number / 1000)));
  }
  std::string text;
  AppendPlain(value, text);
  return text;
}

Answer Results(ApiParts& parts, const ApiRequest& request, const ObjectInfo& object,
               const ListView& view) {
  const auto number = [&](const char* name, int64_t otherwise) {
    const std::string text = request.Query(name);
    return text.empty() ? otherwise : std::strtoll(text.c_str(), nullptr, 10);
  };
  const int64_t limit = number("limit", kRowsDefault);
  const int64_t offset = number("offset", 0);
  if (limit < 1 || limit > kRowsMax || offset < 0) {
    return ErrorAnswer(400, "NUMBER_OUTSIDE_VALID_RANGE",
                       "limit must be between 1 and 2000, and offset not below 0");
  }
  const auto fields = FieldsOf(object, request.version);
  const auto cursor =
      parts.org.Query(SoqlOf(object, view, fields) + " LIMIT " + std::to_string(limit + 1) +
                          " OFFSET " + std::to_string(offset),
                      request.Options(false));
  if (!cursor) return ErrorAnswer(cursor.error());
  ordered_json records = ordered_json::array();
  bool done = true;
  for (;;) {
    const auto more = (*cursor)->Next();
    if (!more) return ErrorAnswer(more.error());
    if (!*more) break;
    done = static_cast<int64_t>(records.size()) < limit;
    if (!done) break;
    ordered_json cells = ordered_json::array();
    for (size_t i = 0; i < fields.size(); ++i) {
      cells.push_back(
          {{"fieldNameOrPath", fields[i].field->name}, {"value", CellOf((*cursor)->row()[i])}});
    }
    records.push_back({{"columns", std::move(cells)}});
  }
  const size_t size = records.size();
  return JsonAnswer(200, ordered_json{{"columns", Columns(fields)},
                                      {"developerName", view.developer_name},
                                      {"done", done},
                                      {"id", view.id},
                                      {"label", view.label},
                                      {"records", std::move(records)},
                                      {"size", size}}
                             .dump(-1, ' ', false, ordered_json::error_handler_t::replace));
}

}  // namespace

// path: `sobjects`, X, `listviews`, an id or `recent`, `describe` or `results`.
Answer ListViews(ApiParts& parts, const ApiRequest& request) {
  if (request.method != "GET" && request.method != "HEAD") {
    return MethodNotAllowed(request.method, "GET,HEAD");
  }
  const auto catalogue = parts.org.CatalogueFor(request.session.user_id);
  const ObjectInfo* object = VisibleObject(*catalogue, request.path[1]);
  const size_t depth = request.path.size();
  if (object == nullptr || request.version < kSince || depth > 5) return NotFoundAnswer();
  const std::string base = request.Root() + "/sobjects/" + object->name + "/listviews";
  if (depth == 3 || (depth == 4 && request.path[3] == "recent")) return List(*object, base);
  const auto id = ParseId(request.path[3]);
  for (const ListView& view : ViewsOf(*object)) {
    if (!id || IdText(*id) != view.id) continue;
    if (depth == 4) return JsonAnswer(200, Basics(view, base).dump());
    if (request.path[4] == "describe") return Describe(*object, view, request.version);
    if (request.path[4] == "results") return Results(parts, request, *object, view);
  }
  return NotFoundAnswer();
}

std::string ListViewSoql(const Catalogue& catalogue, std::string_view id, int version) {
  const auto number = ParseId(id);
  if (!number || KeyPrefixOf(*number) != "00B") return "";
  for (const ObjectInfo& object : catalogue.objects()) {
    for (const ListView& view : ViewsOf(object)) {
      if (view.id == IdText(*number)) return SoqlOf(object, view, FieldsOf(object, version));
    }
  }
  return "";
}

}  // namespace firn::sandbox
