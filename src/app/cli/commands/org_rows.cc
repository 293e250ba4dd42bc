#include "app/cli/commands/org_rows.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace firn::cli {
namespace {

using Json = nlohmann::ordered_json;

Error NotWhatWeExpect(std::string_view what) {
  return Error(Kind::kCorrupt, "CLI-ORG-001",
               "the org's answer is not " + std::string(what) + " as JSON");
}

Cell CellOf(const Json& value) {
  if (value.is_null()) return {};
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_integer()) return value.get<int64_t>();
  if (value.is_number()) return value.get<double>();
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void Flatten(const Json& record, const std::string& lead, RecordRow* row) {
  for (const auto& [name, value] : record.items()) {
    if (name == "attributes") continue;
    if (value.is_object() && value.contains("attributes")) {
      Flatten(value, lead + name + ".", row);
    } else {
      row->emplace_back(lead + name, CellOf(value));
    }
  }
}

std::string TextOr(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

int64_t NumberOr(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<int64_t>() : 0;
}

bool TruthOr(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

// `18,2` for numbers, `255` for texts.
Cell SizeOf(const Json& field) {
  if (const int64_t precision = NumberOr(field, "precision"); precision > 0) {
    return std::to_string(precision) + "," + std::to_string(NumberOr(field, "scale"));
  }
  const int64_t length = NumberOr(field, "length");
  return length > 0 ? Cell(std::to_string(length)) : Cell();
}

}  // namespace

Result<RecordRow> ParseRecord(std::string_view json) {
  const Json record = Json::parse(json, nullptr, false);
  if (!record.is_object()) return Fail(NotWhatWeExpect("a record"));
  RecordRow row;
  Flatten(record, "", &row);
  return row;
}

Result<void> RecordTable::Add(std::string_view record_json) {
  FIRN_TRY(RecordRow row, ParseRecord(record_json));
  for (const auto& [name, value] : row) {
    if (std::find(columns_.begin(), columns_.end(), name) == columns_.end()) {
      columns_.push_back(name);
    }
  }
  rows_.push_back(std::move(row));
  return {};
}

Table RecordTable::Take() {
  Table table{.format = "firn.org-query/1", .columns = {}, .rows = {}, .when_empty = "no rows"};
  for (const std::string& name : columns_) {
    table.columns.push_back({.key = name, .title = name, .shrink = true});
  }
  for (RecordRow& row : rows_) {
    std::vector<Cell>& cells = table.rows.emplace_back(columns_.size());
    for (auto& [name, value] : row) {
      const auto at = std::find(columns_.begin(), columns_.end(), name) - columns_.begin();
      cells[static_cast<size_t>(at)] = std::move(value);
    }
  }
  return table;
}

Result<Table> FieldTable(std::string_view describe_json) {
  const Json describe = Json::parse(describe_json, nullptr, false);
  if (!describe.is_object() || !describe.contains("fields") || !describe["fields"].is_array()) {
    return Fail(NotWhatWeExpect("a describe"));
  }
  Table table{.format = "firn.org-describe/1",
              .columns = {{.key = "name", .title = "field", .ink = Ink::kName},
                          {.key = "type", .title = "type"},
                          {.key = "size", .title = "size", .right = true},
                          {.key = "nillable", .title = "null"},
                          {.key = "custom", .title = "custom"},
                          {.key = "references", .title = "refers to", .shrink = true},
                          {.key = "label", .title = "label", .shrink = true}},
              .rows = {},
              .when_empty = "this user sees no fields"};
  for (const Json& field : describe["fields"]) {
    std::string references;
    if (field.contains("referenceTo") && field["referenceTo"].is_array()) {
      for (const Json& target : field["referenceTo"]) {
        if (!target.is_string()) continue;
        references += (references.empty() ? "" : ", ") + target.get<std::string>();
      }
    }
    table.rows.push_back({TextOr(field, "name"), TextOr(field, "type"), SizeOf(field),
                          TruthOr(field, "nillable"), TruthOr(field, "custom"),
                          references.empty() ? Cell() : Cell(references), TextOr(field, "label")});
  }
  return table;
}

}  // namespace firn::cli
