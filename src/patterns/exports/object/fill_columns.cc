#include "patterns/exports/object/fill_columns.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace firn::exports {
namespace {

constexpr const char* kToFill = "firn.columns-to-fill";
constexpr const char* kRefreshed = "firn.refreshed";

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::vector<std::string> ColumnsToFill(const lake::Table& table) {
  std::vector<std::string> columns;
  const auto property = table.properties().find(kToFill);
  if (property == table.properties().end()) return columns;
  const auto json = nlohmann::json::parse(property->second, nullptr, false);
  for (const auto& name : json) {
    if (name.is_string()) columns.push_back(name.get<std::string>());
  }
  return columns;
}

Result<lake::Table> SetColumnsToFill(const Call& call, lake::Lake& lake, const lake::Table& table,
                                     const std::vector<std::string>& columns) {
  if (columns == ColumnsToFill(table)) return table;
  std::optional<std::string> value;
  if (!columns.empty()) value = nlohmann::json(columns).dump();
  return lake.SetProperties(call, table.ident(), {{kToFill, value}});
}

Result<void> NoteRefreshed(const Call& call, lake::Lake& lake, const lake::TableIdent& ident,
                           const std::vector<std::string>& columns, const std::string& when) {
  FIRN_TRY(const auto table, lake.Load(ident));
  auto json = nlohmann::ordered_json::object();
  const auto property = table.properties().find(kRefreshed);
  if (property != table.properties().end()) {
    auto known = nlohmann::ordered_json::parse(property->second, nullptr, false);
    if (known.is_object()) json = std::move(known);
  }
  for (const std::string& column : columns) json[column] = when;
  FIRN_CHECK(lake.SetProperties(call, ident, {{kRefreshed, json.dump()}}));
  return {};
}

std::map<std::string, std::string> RefreshedColumns(const lake::Table& table) {
  std::map<std::string, std::string> columns;
  const auto property = table.properties().find(kRefreshed);
  if (property == table.properties().end()) return columns;
  const auto json = nlohmann::json::parse(property->second, nullptr, false);
  if (!json.is_object()) return columns;
  for (const auto& [name, when] : json.items()) {
    if (when.is_string()) columns[name] = when.get<std::string>();
  }
  return columns;
}

std::vector<std::string> FieldsThatFill(const record::Layout& layout,
                                        const std::vector<std::string>& columns) {
  std::vector<std::string> fields;
  const auto name_of = [&layout](int field_index) -> const std::string& {
    return layout.schema.fields[static_cast<size_t>(field_index)].name;
  };
  const auto add = [&fields](const std::string& name) {
    if (!Contains(fields, name)) fields.push_back(name);
  };
  for (const record::SourceColumn& column : layout.columns) {
    if (Contains(columns, name_of(column.field_index))) add(column.name);
  }
  for (const record::DerivedField& derived : layout.derived) {
    if (!Contains(columns, name_of(derived.field_index))) continue;
    // A compound or blob is selected by its own name; what it is made of must come along.
    add(name_of(derived.field_index));
    for (const int source : derived.sources) {
      if (source >= 0) add(layout.columns[static_cast<size_t>(source)].name);
    }
  }
  return fields;
}

}  // namespace firn::exports
