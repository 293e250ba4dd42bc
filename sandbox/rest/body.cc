#include "sandbox/rest/body.h"

#include <nlohmann/json.hpp>

#include "sandbox/api_error.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;

constexpr int kDepthMax = 8;  // of records in records: the vendor's trees are 5 deep

tl::unexpected<Error> BadJson(const std::string& what) {
  return Fail(ApiError(400, "JSON_PARSER_ERROR", what));
}

std::string TextOf(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string Member(const json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? std::string() : TextOf(*found);
}

void AddCell(RecordBody& record, const std::string& name, const json& value) {
  Cell cell;
  cell.name = record.texts.emplace_back(name);
  if (!value.is_null()) cell.text = record.texts.emplace_back(TextOf(value));
  record.cells.push_back(cell);
}

Result<RecordBody> ReadRecord(const json& body, int depth);

// A nested object: a parent by its external id, or the children of a tree.
Result<void> ReadNested(RecordBody& record, const std::string& name, const json& value, int depth) {
  const auto records = value.find("records");
  if (records != value.end() && records->is_array()) {
    ChildList& list = record.children.emplace_back();
    list.relationship = name;
    for (const json& child : *records) {
      FIRN_TRY(RecordBody read, ReadRecord(child, depth + 1));
      list.records.push_back(std::move(read));
    }
    return {};
  }
  std::string type;
  if (value.contains("attributes") && value["attributes"].is_object()) {
    type = Member(value["attributes"], "type");
  }
  for (const auto& [key, text] : value.items()) {
    if (key == "attributes") continue;
    AddCell(record, (type.empty() ? "" : type + ":") + name + "." + key, text);
    return {};
  }
  return {};
}

Result<RecordBody> ReadRecord(const json& body, int depth) {
  if (!body.is_object() || depth > kDepthMax) {
    return BadJson("The HTTP entity body is not a JSON object");
  }
  RecordBody record;
  for (const auto& [key, value] : body.items()) {
    if (key == "attributes") {
      if (!value.is_object()) continue;
      record.type = Member(value, "type");
      record.reference_id = Member(value, "referenceId");
      record.binary_part = Member(value, "binaryPartName");
      record.binary_field = Member(value, "binaryPartNameAlias");
    } else if (key == "id" || key == "Id") {
      record.id = value.is_null() ? "" : TextOf(value);
    } else if (value.is_object()) {
      FIRN_CHECK(ReadNested(record, key, value, depth));
    } else if (value.is_array()) {
      return BadJson("Cannot deserialize instance of " + key + " from START_ARRAY value");
    } else {
      AddCell(record, key, value);
    }
  }
  return record;
}

Result<std::vector<std::string>> ReadTexts(const json& body, const char* name) {
  std::vector<std::string> texts;
  const auto found = body.find(name);
  if (found == body.end()) return texts;
  if (!found->is_array()) return BadJson(std::string(name) + " must be a list");
  for (const json& each : *found) texts.push_back(TextOf(each));
  return texts;
}

}  // namespace

Result<RecordBody> ReadRecordBody(std::string_view text) {
  return ReadRecord(json::parse(text, nullptr, false), 0);
}

Result<RecordsBody> ReadRecordsBody(std::string_view text) {
  const json body = json::parse(text, nullptr, false);
  if (!body.is_object()) return BadJson("The HTTP entity body is not a JSON object");
  RecordsBody read;
  const auto flag = body.find("allOrNone");
  read.all_or_none = flag != body.end() && flag->is_boolean() && flag->get<bool>();
  FIRN_TRY(read.ids, ReadTexts(body, "ids"));
  FIRN_TRY(read.fields, ReadTexts(body, "fields"));
  const auto records = body.find("records");
  if (records == body.end()) return read;
  if (!records->is_array()) return BadJson("records must be a list");
  for (const json& each : *records) {
    FIRN_TRY(RecordBody record, ReadRecord(each, 0));
    read.records.push_back(std::move(record));
  }
  return read;
}

}  // namespace firn::sandbox
