// What one field holds once it was checked; private to config.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/config/field.h"

namespace firn::config {

struct BoundValue {
  FieldType type = FieldType::kText;
  bool written = false;
  Mark mark;
  std::string text;
  bool truth = false;
  int64_t integer = 0;  // milliseconds of a duration, bytes of a size
  double number = 0;
  SecretRef secret;
  std::vector<std::string> texts;
  std::vector<Mark> text_marks;  // of each of them
  std::map<std::string, std::string> text_map;
  std::vector<Group> groups;  // kGroup: exactly one
  std::map<std::string, Group> group_map;
};

// `a number`, `true or false`: what a field takes, for messages and reference pages.
[[nodiscard]] std::string TypeWords(const Field& field);
// `0.05 to 1`, or empty.
[[nodiscard]] std::string RangeWords(const Field& field);

}  // namespace firn::config
