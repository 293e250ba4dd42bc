#include "core/config/field.h"

#include <cstdlib>

#include "core/config/bound_value.h"

namespace firn::config {

EnvironmentLookup ProcessEnvironment() {
  return [](const std::string& name) -> const char* { return std::getenv(name.c_str()); };
}

const BoundValue& Group::Get(std::string_view name, FieldType type) const {
  FIRN_ASSERT(values_ != nullptr);
  const auto found = values_->find(name);
  FIRN_ASSERT(found != values_->end());
  FIRN_ASSERT(found->second.type == type ||
              (type == FieldType::kText && found->second.type == FieldType::kWord));
  return found->second;
}

bool Group::Has(std::string_view name) const {
  const auto found = values_->find(name);
  FIRN_ASSERT(found != values_->end());
  return found->second.written;
}

Mark Group::MarkOf(std::string_view name) const {
  return Has(name) ? values_->find(name)->second.mark : mark_;
}

std::string Group::Where(std::string_view name) const {
  return Document{*file_, {}}.Where(MarkOf(name));
}

const std::string& Group::Text(std::string_view name) const {
  return Get(name, FieldType::kText).text;
}
bool Group::Bool(std::string_view name) const { return Get(name, FieldType::kBool).truth; }
int64_t Group::Integer(std::string_view name) const {
  return Get(name, FieldType::kInteger).integer;
}
double Group::Number(std::string_view name) const { return Get(name, FieldType::kNumber).number; }
std::chrono::milliseconds Group::Duration(std::string_view name) const {
  return std::chrono::milliseconds(Get(name, FieldType::kDuration).integer);
}
int64_t Group::Bytes(std::string_view name) const { return Get(name, FieldType::kBytes).integer; }
SecretRef Group::SecretOf(std::string_view name) const {
  return Get(name, FieldType::kSecret).secret;
}
std::vector<std::string> Group::TextList(std::string_view name) const {
  return Get(name, FieldType::kTextList).texts;
}
std::vector<std::string> Group::TextListWhere(std::string_view name) const {
  std::vector<std::string> where;
  for (const Mark mark : Get(name, FieldType::kTextList).text_marks) {
    where.push_back(Document{*file_, {}}.Where(mark));
  }
  return where;
}
std::map<std::string, std::string> Group::TextMap(std::string_view name) const {
  return Get(name, FieldType::kTextMap).text_map;
}
Group Group::Sub(std::string_view name) const { return Get(name, FieldType::kGroup).groups.at(0); }
std::vector<Group> Group::List(std::string_view name) const {
  return Get(name, FieldType::kGroupList).groups;
}
std::map<std::string, Group> Group::Map(std::string_view name) const {
  return Get(name, FieldType::kGroupMap).group_map;
}

}  // namespace firn::config
