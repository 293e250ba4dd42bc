// Object files from describe answers: how the schema of a real org is cloned.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "sandbox/life/load.h"
#include "sandbox/value.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::string_view kSystemFields[] = {"IsDeleted",        "CreatedDate",
                                              "CreatedById",      "LastModifiedDate",
                                              "LastModifiedById", "SystemModstamp"};

tl::unexpected<Error> NotDescribe(const std::string& why) {
  return Fail(
      Error(Kind::kBadInput, "SBX-LOAD-003", "the JSON is not a describe answer").Because(why));
}

// A type the sandbox does not know becomes text, so that the field is there at all.
std::string TypeOf(const json& field) {
  const std::string type = field.value("type", "string");
  return TypeByName(type) ? type : "string";
}

void AddReference(const json& field, ordered_json& out) {
  out["referenceTo"] = field.value("referenceTo", json::array());
  if (out["referenceTo"].empty()) out["referenceTo"] = {"User"};
  const json relationship = field.value("relationshipName", json());
  if (relationship.is_string()) out["relationship"] = relationship;
  if (out["referenceTo"].size() > 1) out["polymorphic"] = true;
  if (field.value("cascadeDelete", false)) out["cascadeDelete"] = true;
}

void AddSizes(const json& field, const std::string& type, ordered_json& out) {
  const int length = field.value("length", 0);
  const int precision = field.value("precision", 0);
  if (length > 0) out["length"] = length;
  if (type == "double" || type == "currency" || type == "percent") {
    // The sandbox keeps 18 digits, as a decimal of 64 bits does.
    out["precision"] = std::min(precision > 0 ? precision : 18, 18);
    out["scale"] = std::min(field.value("scale", 2), 17);
  }
  if (field.value("digits", 0) > 0) out["digits"] = field["digits"];
}

ordered_json FieldOf(const json& field) {
  const auto name = field.at("name").get<std::string>();
  const std::string type = TypeOf(field);
  ordered_json out = {{"name", name}, {"label", field.value("label", name)}, {"type", type}};
  AddSizes(field, type, out);
  const bool createable = field.value("createable", true);
  const bool nillable = field.value("nillable", true);
  const bool defaulted = field.value("defaultedOnCreate", false);
  const bool system = std::find(std::begin(kSystemFields), std::end(kSystemFields), name) !=
                      std::end(kSystemFields);
  const bool updateable = field.value("updateable", true);
  if (!createable && type != "id") out[updateable ? "updateOnly" : "readOnly"] = true;
  if (createable && !updateable) out["createOnly"] = true;
  if (!nillable && type != "boolean" && type != "id") out["required"] = true;
  if (defaulted && type != "boolean" && type != "id") out["defaultedOnCreate"] = true;
  constexpr std::pair<const char*, const char*> kFlags[] = {
      {"nameField", "nameField"},         {"autoNumber", "autoNumber"},
      {"externalId", "externalId"},       {"unique", "unique"},
      {"idLookup", "idLookup"},           {"caseSensitive", "caseSensitive"},
      {"htmlFormatted", "htmlFormatted"}, {"restrictedPicklist", "restrictedPicklist"}};
  for (const auto& [from, to] : kFlags) {
    if (type != "id" && field.value(from, false)) out[to] = true;
  }
  for (const char* flag : {"filterable", "sortable", "groupable"}) {
    if (!field.value(flag, true)) out[flag] = false;
  }
  if (type == "reference") AddReference(field, out);
  const json compound = field.value("compoundFieldName", json());
  if (compound.is_string() && compound != name && compound != "Name") out["compound"] = compound;
  ordered_json values = ordered_json::array();
  for (const json& value : field.value("picklistValues", json::array())) {
    if (value.value("active", true)) values.push_back(value.value("value", ""));
  }
  if (!values.empty()) out["values"] = values;
  if (system) out["generate"] = "system";
  return out;
}

Result<std::string> FileOf(const json& describe) {
  if (!describe.is_object() || !describe.contains("fields") || !describe.contains("name")) {
    return NotDescribe("`name` and `fields` are missing");
  }
  const auto name = describe.at("name").get<std::string>();
  ordered_json file = {{"object", name},
                       {"label", describe.value("label", name)},
                       {"plural", describe.value("labelPlural", name)}};
  const json prefix = describe.value("keyPrefix", json());
  if (prefix.is_string() && prefix.get<std::string>().size() == 3) file["keyPrefix"] = prefix;
  for (const char* flag : {"createable", "updateable", "deletable", "undeletable"}) {
    if (!describe.value(flag, true)) file[flag] = false;
  }
  ordered_json fields = ordered_json::array();
  for (const json& field : describe.at("fields")) {
    ordered_json one = FieldOf(field);
    if (one["type"] == "id") {
      fields.insert(fields.begin(), std::move(one));
    } else {
      fields.push_back(std::move(one));
    }
  }
  file["fields"] = std::move(fields);
  return file.dump();  // JSON is YAML
}

}  // namespace

Result<std::vector<std::string>> ObjectFilesOf(std::string_view describe_json) {
  const json data = json::parse(describe_json, nullptr, false);
  if (data.is_discarded()) return NotDescribe("it is not JSON");
  std::vector<std::string> files;
  try {
    for (const json& one : data.is_array() ? data : json::array({data})) {
      FIRN_TRY(std::string file, FileOf(one));
      files.push_back(std::move(file));
    }
  } catch (const json::exception&) {
    return NotDescribe("a key has a value of the wrong type");
  }
  return files;
}

}  // namespace firn::sandbox
