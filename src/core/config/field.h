// Field tables: each option of a file, once, with type, unit, default, range, example and age. They
// are the only source of types, and the reference pages are made from them.
//
// Bind() holds a map node against a table and gives a Group, whose getters cannot fail: everything
// that can be wrong was reported by Bind, all of it, not only the first. Tables are constants.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/config/document.h"
#include "core/config/secret_ref.h"

namespace firn::config {

enum class FieldType {
  kText,
  kBool,       // true or false, nothing else
  kInteger,    // signed 64 bits
  kNumber,     // finite
  kDuration,   // `30s`
  kBytes,      // `512MiB`
  kWord,       // one of `words`
  kSecret,     // only a reference: ${env:..}, ${file:..}, ${aws-secret:..}
  kTextList,   // a list of texts, or one text
  kTextMap,    // texts by free keys
  kGroup,      // a map with the fields of `fields`
  kGroupList,  // a list of such maps
  kGroupMap,   // such maps by free keys
};

struct Field {
  std::string_view name;
  FieldType type = FieldType::kText;
  std::string_view help;                // one sentence, lower case
  std::string_view unit = {};           // `seconds`, `bytes`, `share of 1`
  std::string_view default_value = {};  // as it would be written; empty: none
  std::string_view example = {};
  bool required = false;
  bool restart = false;  // takes effect only after a restart of `firn run`
  double min = 0;        // kInteger, kNumber (and kDuration in ms, kBytes): range when min < max
  double max = 0;
  std::span<const std::string_view> words = {};
  std::span<const Field> fields = {};
  std::string_view since = "0.1.0";
};

// What was found wrong, in file order.
using Problems = std::vector<Error>;

struct BoundValue;

// A map node that fits its table. Getters by field name; a name that is not in the table, or of
// another type, is a bug (asserted). Absent fields answer their default, or empty. Cheap to copy.
class Group {
 public:
  Group() = default;
  [[nodiscard]] bool Has(std::string_view name) const;     // written in the file
  [[nodiscard]] Mark MarkOf(std::string_view name) const;  // the value's, or the group's
  [[nodiscard]] Mark mark() const { return mark_; }
  [[nodiscard]] std::string Where(std::string_view name) const;        // file:line:col
  [[nodiscard]] const std::string& Text(std::string_view name) const;  // kText and kWord
  [[nodiscard]] bool Bool(std::string_view name) const;
  [[nodiscard]] int64_t Integer(std::string_view name) const;
  [[nodiscard]] double Number(std::string_view name) const;
  [[nodiscard]] std::chrono::milliseconds Duration(std::string_view name) const;
  [[nodiscard]] int64_t Bytes(std::string_view name) const;
  [[nodiscard]] SecretRef SecretOf(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> TextList(std::string_view name) const;
  // Where each of them stands: file:line:col.
  [[nodiscard]] std::vector<std::string> TextListWhere(std::string_view name) const;
  [[nodiscard]] std::map<std::string, std::string> TextMap(std::string_view name) const;
  [[nodiscard]] Group Sub(std::string_view name) const;  // an absent group has all defaults
  [[nodiscard]] std::vector<Group> List(std::string_view name) const;
  [[nodiscard]] std::map<std::string, Group> Map(std::string_view name) const;

 private:
  friend class Binder;
  [[nodiscard]] const BoundValue& Get(std::string_view name, FieldType type) const;
  std::shared_ptr<const std::map<std::string, BoundValue, std::less<>>> values_;
  std::shared_ptr<const std::string> file_;
  Mark mark_;
};

using EnvironmentLookup = std::function<const char*(const std::string& name)>;
// The process environment.
[[nodiscard]] EnvironmentLookup ProcessEnvironment();

// Holds `node` against `fields` and appends what is wrong to `problems` (BadConfig, file:line:col):
// CONFIG-KEY-001 unknown key with the nearest name, -002 missing key, CONFIG-VALUE-001 wrong type,
// -002 out of range, -003 a secret written out, -004 `${env:NAME}` that is not set. `${env:NAME}`
// in texts is replaced through `environment`.
[[nodiscard]] Group Bind(const Document& document, const Node& node, std::span<const Field> fields,
                         const EnvironmentLookup& environment, Problems* problems);

// The Markdown reference of a table: one row a field, groups below one another. `title` is the
// path of the outer key, or empty.
[[nodiscard]] std::string ReferenceMarkdown(std::span<const Field> fields, std::string_view title);

// A field as the reference has it: its whole key (`orgs[].auth.key`) and what is to be said of it.
struct ReferenceEntry {
  std::string key;
  std::string takes;          // `a duration like `30s``
  std::string default_value;  // empty: none
  std::string range;
  std::string example;
  std::string help;
  std::string since;
};
// Every field of a table, groups below one another.
[[nodiscard]] std::vector<ReferenceEntry> ReferenceEntries(std::span<const Field> fields);

}  // namespace firn::config
