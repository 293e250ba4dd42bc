#include "sandbox/data_cloud/lake_records.h"

#include <nlohmann/json.hpp>

#include "sandbox/api_error.h"
#include "sandbox/value.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;

constexpr size_t kKeysMax = 200;
constexpr const char* kStreaming = "streaming";

tl::unexpected<Error> BadBody(const std::string& message) {
  return Fail(ApiError(400, "Bad Request", message));
}

// Appends the value as the schema has it. False: it does not fit.
bool AppendValue(LakeType type, const json& value, std::string& out) {
  if (value.is_null() || (value.is_string() && value.get_ref<const std::string&>().empty())) {
    out += "null";
    return true;
  }
  if (value.is_number()) {
    out += value.dump();
    return type == LakeType::kNumber;
  }
  if (value.is_boolean()) {
    out += value.dump();
    return type == LakeType::kBoolean;
  }
  const bool text =
      type == LakeType::kText || type == LakeType::kDate || type == LakeType::kDateTime;
  return value.is_string() && text &&
         AppendLakeCell(type, value.get_ref<const std::string&>(), out);
}

// What is wrong with the record; empty: nothing, and `row` holds it.
std::string ReadRecord(const LakeObject& object, const json& record, bool strict, LakeRow& row) {
  if (!record.is_object()) return "the record is not a JSON object";
  row.json = "{";
  for (size_t place = 0; place < object.fields.size(); ++place) {
    const LakeField& field = object.fields[place];
    const auto found = record.find(field.name);
    if (found == record.end()) return "field " + field.name + " is not there";
    if (place > 0) row.json += ',';
    AppendJsonText(field.name, row.json);
    row.json += ':';
    if (!AppendValue(field.type, *found, row.json)) {
      return "field " + field.name + " is no " + std::string(LakeTypeName(field.type));
    }
  }
  row.json += '}';
  if (strict) {
    for (const auto& [name, value] : record.items()) {
      if (object.PlaceOf(name) == std::string::npos) return "field " + name + " is not known";
    }
  }
  const json& key = record[object.fields[object.key].name];
  row.key = key.is_string() ? key.get<std::string>() : key.is_null() ? "" : key.dump();
  if (row.key.empty()) return "the primary key is empty";
  if (object.modified) {
    const json& modified = record[object.fields[*object.modified].name];
    if (modified.is_string()) row.modified = LakeInstant(modified.get<std::string>()).value_or(0);
  }
  return "";
}

}  // namespace

Result<LakeBatch> ReadLakeRecords(const LakeObject& object, std::string_view body, bool strict) {
  const json whole = json::parse(body, nullptr, false);
  const auto data = whole.is_object() ? whole.find("data") : whole.end();
  if (!whole.is_object() || data == whole.end() || !data->is_array()) {
    return BadBody("The body must be a JSON object with the list `data`");
  }
  LakeBatch batch;
  uint64_t number = 0;
  for (const json& record : *data) {
    ++number;
    LakeRow row;
    std::string wrong = ReadRecord(object, record, strict, row);
    if (wrong.empty()) {
      batch.upserts.push_back(std::move(row));
    } else {
      batch.problems.push_back({kStreaming, number, std::move(wrong)});
    }
  }
  return batch;
}

Result<std::vector<std::string>> ReadLakeKeys(std::string_view query, std::string_view body) {
  std::vector<std::string> keys;
  while (!query.empty()) {
    const size_t comma = std::min(query.find(','), query.size());
    if (comma > 0) keys.emplace_back(query.substr(0, comma));
    query.remove_prefix(std::min(comma + 1, query.size()));
  }
  if (keys.empty()) {
    const json whole = json::parse(body, nullptr, false);
    const auto ids = whole.is_object() ? whole.find("ids") : whole.end();
    if (!whole.is_object() || ids == whole.end() || !ids->is_array()) {
      return BadBody("Give the primary keys as `ids`, in the query or the body");
    }
    for (const json& id : *ids) keys.push_back(id.is_string() ? id.get<std::string>() : id.dump());
  }
  if (keys.empty() || keys.size() > kKeysMax) {
    return BadBody("A request deletes 1 to 200 records: use a bulk job for more");
  }
  return keys;
}

}  // namespace firn::sandbox
