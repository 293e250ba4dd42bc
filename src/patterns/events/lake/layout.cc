#include "patterns/events/lake/layout.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/nearest.h"
#include "core/project/project.h"

namespace firn::events {
namespace {

using Json = nlohmann::json;

Json FieldsOf(const std::string& describe) {
  Json json = Json::parse(describe, nullptr, false);
  const bool usable = json.is_object() && json.contains("fields") && json["fields"].is_array();
  return usable ? std::move(json["fields"]) : Json::array();
}

std::string TextOf(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Object Reference, "Contact": Name is made of FirstName, MiddleName, LastName and Suffix.
lake::FollowingColumn PersonName(const record::Layout& layout, const std::string& describe,
                                 NameOrder order) {
  lake::FollowingColumn name{lake::FollowingColumn::Kind::kWords, "", {}};
  std::vector<std::string> parts;
  for (const Json& field : FieldsOf(describe)) {
    if (field.is_object() && TextOf(field, "compoundFieldName") == "Name") {
      parts.push_back(TextOf(field, "name"));
    }
  }
  for (const char* part : NameParts(order)) {
    const bool is_part = std::find(parts.begin(), parts.end(), part) != parts.end();
    if (is_part && layout.ColumnIndex(part) >= 0) name.sources.emplace_back(part);
  }
  if (!name.sources.empty() && layout.ColumnIndex("Name") >= 0) name.column = "Name";
  return name;
}

}  // namespace

Result<record::Layout> FollowedLayout(const std::string& describe, const LayoutWish& wish,
                                      const lake::Table& table) {
  record::LayoutOptions options;
  options.include = wish.include;
  options.exclude = wish.exclude;
  options.always = {wish.stamp_field, "IsDeleted"};
  options.key_prefixes = wish.key_prefixes;
  options.api_version = "v" + wish.api_version;
  options.existing = &table.schema();
  options.last_column_id = table.last_column_id();
  options.version_columns = true;
  return record::LayoutFromDescribe(describe, options);
}

record::Schema MergedSchema(const record::Schema& table, const record::Schema& layout) {
  record::Schema merged = table;
  for (const record::Field& field : layout.fields) {
    const auto known =
        std::find_if(merged.fields.begin(), merged.fields.end(),
                     [&](const record::Field& other) { return other.id == field.id; });
    if (known == merged.fields.end()) {
      merged.fields.push_back(field);
      merged.fields.back().required = false;
    } else {
      known->type = field.type;
      known->name = field.name;
    }
  }
  return merged;
}

Result<void> RefuseNearMiss(const std::string& describe, const std::vector<std::string>& exclude,
                            const record::Schema& table, const record::Layout& layout) {
  std::vector<std::string> added;
  for (const record::Field& field : layout.schema.fields) {
    if (table.Find(field.name) == nullptr) added.push_back(field.name);
  }
  if (added.empty()) return {};
  const Json fields = FieldsOf(describe);
  for (const std::string& name : exclude) {
    const bool fits = std::any_of(fields.begin(), fields.end(), [&name](const Json& field) {
      return field.is_object() && project::GlobMatches(name, TextOf(field, "name"));
    });
    if (fits || project::IsGlob(name)) continue;
    if (const auto near = Nearest(name, added)) {
      return Fail(Error(Kind::kBadConfig, "EVENT-TABLE-004",
                        "`" + layout.object + "` has no field `" + name + "` to leave out")
                      .Because("the stream would add the column `" + *near + "` to the table")
                      .Hint("did you mean `" + *near + "`? correct `exclude` in firn.yaml"));
    }
  }
  return {};
}

std::string StampFieldOf(const std::string& describe) {
  const Json fields = FieldsOf(describe);
  for (const char* wanted : {"SystemModstamp", "LastModifiedDate", "CreatedDate"}) {
    for (const Json& field : fields) {
      if (field.is_object() && TextOf(field, "name") == wanted) return wanted;
    }
  }
  return "SystemModstamp";
}

bool HasPersonNames(const record::Layout& layout, const std::string& describe) {
  const auto name = PersonName(layout, describe, NameOrder::kWestern);
  const auto has = [&](const char* part) {
    return std::find(name.sources.begin(), name.sources.end(), part) != name.sources.end();
  };
  return !name.column.empty() && has("FirstName") && has("LastName");
}

std::vector<lake::FollowingColumn> FollowingColumns(const record::Layout& layout,
                                                    const std::string& describe, NameOrder order) {
  std::vector<lake::FollowingColumn> following;
  const auto field_name = [&](int field) {
    return layout.schema.fields[static_cast<size_t>(field)].name;
  };
  for (const record::DerivedField& derived : layout.derived) {
    if (derived.kind != record::DerivedField::Kind::kCompound) continue;
    lake::FollowingColumn column;
    column.column = field_name(derived.field_index);
    for (const int source : derived.sources) {
      column.sources.push_back(
          source < 0 ? "" : field_name(layout.columns[static_cast<size_t>(source)].field_index));
    }
    following.push_back(std::move(column));
  }
  lake::FollowingColumn name = PersonName(layout, describe, order);
  if (!name.column.empty()) following.push_back(std::move(name));
  return following;
}

}  // namespace firn::events
