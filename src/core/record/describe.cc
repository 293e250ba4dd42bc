#include "core/record/describe.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace firn::record {
namespace {

using Json = nlohmann::json;

constexpr std::pair<std::string_view, DescribeType> kTypes[] = {
    {"id", DescribeType::kId},
    {"reference", DescribeType::kReference},
    {"boolean", DescribeType::kBoolean},
    {"int", DescribeType::kInt},
    {"long", DescribeType::kLong},
    {"double", DescribeType::kDouble},
    {"percent", DescribeType::kPercent},
    {"currency", DescribeType::kCurrency},
    {"date", DescribeType::kDate},
    {"datetime", DescribeType::kDateTime},
    {"time", DescribeType::kTime},
    {"string", DescribeType::kString},
    {"picklist", DescribeType::kPicklist},
    {"multipicklist", DescribeType::kMultipicklist},
    {"combobox", DescribeType::kCombobox},
    {"email", DescribeType::kEmail},
    {"phone", DescribeType::kPhone},
    {"url", DescribeType::kUrl},
    {"textarea", DescribeType::kTextarea},
    {"encryptedstring", DescribeType::kEncryptedString},
    {"datacategorygroupreference", DescribeType::kDataCategoryGroupReference},
    {"complexvalue", DescribeType::kComplexValue},
    {"address", DescribeType::kAddress},
    {"location", DescribeType::kLocation},
    {"base64", DescribeType::kBase64},
    {"anyType", DescribeType::kAnyType},
    {"json", DescribeType::kJson},
};

DescribeType TypeOf(std::string_view name) {
  for (const auto& [text, type] : kTypes) {
    if (text == name) return type;
  }
  return DescribeType::kUnknown;
}

int IntOf(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<int>() : 0;
}

std::string TextOf(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

tl::unexpected<Error> NotADescribe(std::string why) {
  return Fail(Error(Kind::kCorrupt, "REC-LAYOUT-001", "this is no describe result of an object")
                  .Because(std::move(why))
                  .Hint("it is the body of GET /services/data/vXX.0/sobjects/OBJECT/describe"));
}

DescribedField FieldOf(const Json& json) {
  DescribedField field;
  field.name = TextOf(json, "name");
  field.type_name = TextOf(json, "type");
  field.type = TypeOf(field.type_name);
  field.length = IntOf(json, "length");
  field.precision = IntOf(json, "precision");
  field.scale = IntOf(json, "scale");
  field.digits = IntOf(json, "digits");
  field.label = TextOf(json, "label");
  field.compound = TextOf(json, "compoundFieldName");
  const auto nillable = json.find("nillable");
  if (nillable != json.end() && nillable->is_boolean()) field.nillable = nillable->get<bool>();
  const auto targets = json.find("referenceTo");
  if (targets != json.end() && targets->is_array()) {
    for (const Json& target : *targets) {
      if (target.is_string()) field.reference_to.push_back(target.get<std::string>());
    }
  }
  return field;
}

}  // namespace

Result<DescribedObject> ParseDescribe(std::string_view json) {
  const Json whole = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!whole.is_object()) return NotADescribe("it is no JSON object");
  // `sf .. --json` puts what it prints under `result`.
  const auto wrapped = whole.find("result");
  const Json& root = wrapped != whole.end() && wrapped->is_object() ? *wrapped : whole;
  DescribedObject object;
  object.name = TextOf(root, "name");
  if (object.name.empty()) return NotADescribe("`name` is missing");
  const auto fields = root.find("fields");
  if (fields == root.end() || !fields->is_array()) return NotADescribe("`fields` is missing");
  for (const Json& entry : *fields) {
    if (!entry.is_object()) return NotADescribe("an entry of `fields` is no object");
    DescribedField field = FieldOf(entry);
    if (field.name.empty()) return NotADescribe("an entry of `fields` has no `name`");
    object.fields.push_back(std::move(field));
  }
  return object;
}

}  // namespace firn::record
