// A YAML document as the object files need it: scalars as text, lists, mappings in their order,
// each with its place.
//
// Two readers make the same tree: yaml-cpp for what users write, and a small one for the form the
// built-in files keep to (block keys, one flow mapping a field), which an org reads at every start.
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace firn::sandbox {

struct YamlNode {
  enum class Kind { kNone, kScalar, kList, kMap };
  Kind kind = Kind::kNone;
  int line = 0;  // from 1
  int column = 0;
  std::string scalar;
  std::vector<std::string> keys;  // of a mapping, beside `items`
  std::vector<YamlNode> key_places;
  std::vector<YamlNode> items;

  // nullptr when it is no mapping with this key.
  [[nodiscard]] const YamlNode* Find(std::string_view key) const;
};

// Any YAML. Errors: BadConfig (SBX-SCHEMA-001) with the place.
[[nodiscard]] Result<YamlNode> ReadYaml(std::string_view text);
// Only the built-in files' form. Errors: the same; a test holds both readers to one tree.
[[nodiscard]] Result<YamlNode> ReadPlainYaml(std::string_view text);

}  // namespace firn::sandbox
