#include "core/record/schema.h"

#include <algorithm>

namespace firn::record {
namespace {

int HighestId(const std::vector<Field>& fields) {
  int highest = 0;
  for (const Field& field : fields) {
    highest = std::max({highest, field.id, HighestId(field.type.children)});
  }
  return highest;
}

std::string_view Name(TypeId id) {
  switch (id) {
    case TypeId::kBoolean:
      return "boolean";
    case TypeId::kInt:
      return "int";
    case TypeId::kLong:
      return "long";
    case TypeId::kFloat:
      return "float";
    case TypeId::kDouble:
      return "double";
    case TypeId::kDecimal:
      return "decimal";
    case TypeId::kDate:
      return "date";
    case TypeId::kTime:
      return "time";
    case TypeId::kTimestamp:
      return "timestamp";
    case TypeId::kTimestamptz:
      return "timestamptz";
    case TypeId::kString:
      return "string";
    case TypeId::kUuid:
      return "uuid";
    case TypeId::kFixed:
      return "fixed";
    case TypeId::kBinary:
      return "binary";
    case TypeId::kStruct:
      return "struct";
    case TypeId::kList:
      return "list";
    case TypeId::kMap:
      return "map";
  }
  return "unknown";
}

}  // namespace

const Field* Schema::Find(std::string_view name) const {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const Field& field) { return field.name == name; });
  return found == fields.end() ? nullptr : &*found;
}

int Schema::HighestFieldId() const { return HighestId(fields); }

std::string TypeText(const Type& type) {
  std::string text(Name(type.id));
  switch (type.id) {
    case TypeId::kDecimal:
      return text + "(" + std::to_string(type.precision) + ", " + std::to_string(type.scale) + ")";
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      return type.precision == 9 ? text + "_ns" : text;
    case TypeId::kFixed:
      return text + "[" + std::to_string(type.length) + "]";
    case TypeId::kList:
    case TypeId::kMap:
    case TypeId::kStruct: {
      text += "<";
      const char* between = "";
      for (const Field& child : type.children) {
        text += between;
        if (type.id == TypeId::kStruct) text += child.name + ": ";
        text += TypeText(child.type);
        between = ", ";
      }
      return text + ">";
    }
    default:
      return text;
  }
}

}  // namespace firn::record
