#include "sandbox/schema.h"

#include <array>

#include "sandbox/value.h"

namespace firn::sandbox {
namespace {

struct TypeNames {
  FieldType type;
  std::string_view name;
  std::string_view soap;
};

constexpr std::array<TypeNames, 24> kTypes{{
    {FieldType::kId, "id", "tns:ID"},
    {FieldType::kReference, "reference", "tns:ID"},
    {FieldType::kBoolean, "boolean", "xsd:boolean"},
    {FieldType::kString, "string", "xsd:string"},
    {FieldType::kTextArea, "textarea", "xsd:string"},
    {FieldType::kPicklist, "picklist", "xsd:string"},
    {FieldType::kMultiPicklist, "multipicklist", "xsd:string"},
    {FieldType::kCombobox, "combobox", "xsd:string"},
    {FieldType::kEmail, "email", "xsd:string"},
    {FieldType::kPhone, "phone", "xsd:string"},
    {FieldType::kUrl, "url", "xsd:string"},
    {FieldType::kEncryptedString, "encryptedstring", "xsd:string"},
    {FieldType::kInt, "int", "xsd:int"},
    {FieldType::kDouble, "double", "xsd:double"},
    {FieldType::kCurrency, "currency", "xsd:double"},
    {FieldType::kPercent, "percent", "xsd:double"},
    {FieldType::kDate, "date", "xsd:date"},
    {FieldType::kDateTime, "datetime", "xsd:dateTime"},
    {FieldType::kTime, "time", "xsd:time"},
    {FieldType::kBase64, "base64", "xsd:base64Binary"},
    {FieldType::kAddress, "address", "urn:address"},
    {FieldType::kLocation, "location", "urn:location"},
    {FieldType::kAnyType, "anyType", "xsd:anyType"},
    {FieldType::kLong, "long", "xsd:long"},
}};

template <typename Map>
int Find(const Map& map, std::string_view name) {
  const auto found = map.find(Folded(name));
  return found == map.end() ? -1 : found->second;
}

}  // namespace

std::string_view TypeName(FieldType type) { return kTypes[static_cast<size_t>(type)].name; }
std::string_view SoapTypeName(FieldType type) { return kTypes[static_cast<size_t>(type)].soap; }

std::optional<FieldType> TypeByName(std::string_view name) {
  for (const auto& entry : kTypes) {
    if (entry.name == name) return entry.type;
  }
  return std::nullopt;
}

bool IsText(FieldType type) {
  switch (type) {
    case FieldType::kString:
    case FieldType::kTextArea:
    case FieldType::kPicklist:
    case FieldType::kMultiPicklist:
    case FieldType::kCombobox:
    case FieldType::kEmail:
    case FieldType::kPhone:
    case FieldType::kUrl:
    case FieldType::kEncryptedString:
    case FieldType::kBase64:
    case FieldType::kAnyType:
      return true;
    default:
      return false;
  }
}

bool IsDecimal(FieldType type) {
  return type == FieldType::kDouble || type == FieldType::kCurrency || type == FieldType::kPercent;
}

const FieldInfo* ObjectInfo::Field(std::string_view field_name) const {
  const int at = Find(field_by_folded_name, field_name);
  return at < 0 ? nullptr : &fields[at];
}

const FieldInfo* ObjectInfo::Relationship(std::string_view relationship) const {
  const int at = Find(field_by_folded_relationship, relationship);
  return at < 0 ? nullptr : &fields[at];
}

const ChildRelationship* ObjectInfo::Child(std::string_view relationship_name) const {
  const std::string folded = Folded(relationship_name);
  for (const auto& child : child_relationships) {
    if (!child.relationship_name.empty() && Folded(child.relationship_name) == folded) {
      return &child;
    }
  }
  return nullptr;
}

const FieldInfo* ObjectInfo::NameField() const {
  for (const auto& field : fields) {
    if (field.name_field) return &field;
  }
  return nullptr;
}

Catalogue::Catalogue(std::vector<ObjectInfo> objects) : objects_(std::move(objects)) {
  for (size_t i = 0; i < objects_.size(); ++i) {
    by_folded_name_[Folded(objects_[i].name)] = static_cast<int>(i);
    by_prefix_[objects_[i].key_prefix] = static_cast<int>(i);
  }
}

const ObjectInfo* Catalogue::Object(std::string_view name) const {
  const int at = Find(by_folded_name_, name);
  return at < 0 ? nullptr : &objects_[at];
}

const ObjectInfo* Catalogue::ByKeyPrefix(std::string_view three_characters) const {
  const auto found = by_prefix_.find(std::string(three_characters));
  return found == by_prefix_.end() ? nullptr : &objects_[found->second];
}

}  // namespace firn::sandbox
