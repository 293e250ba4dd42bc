#include <fmt/format.h>

#include "core/config/bound_value.h"
#include "core/config/field.h"

namespace firn::config {
namespace {

std::string Code(std::string_view text) {
  return text.empty() ? std::string() : "`" + std::string(text) + "`";
}

void AddRows(std::span<const Field> fields, const std::string& path, std::string* out) {
  for (const Field& field : fields) {
    const std::string key =
        path.empty() ? std::string(field.name) : path + "." + std::string(field.name);
    std::string help(field.help);
    if (field.required) help += " (required)";
    if (field.restart) help += " (after a restart)";
    const std::string range = RangeWords(field);
    *out += fmt::format("| `{}` | {} | {} | {} | {} | {} | {} |\n", key, TypeWords(field),
                        Code(field.default_value), range.empty() ? field.unit : range,
                        Code(field.example), help, field.since);
    const bool is_list = field.type == FieldType::kGroupList;
    const bool is_map = field.type == FieldType::kGroupMap;
    AddRows(field.fields, key + (is_list ? "[]" : is_map ? ".NAME" : ""), out);
  }
}

}  // namespace

std::string TypeWords(const Field& field) {
  switch (field.type) {
    case FieldType::kText:
      return "text";
    case FieldType::kBool:
      return "`true` or `false`";
    case FieldType::kInteger:
      return "a whole number";
    case FieldType::kNumber:
      return "a number";
    case FieldType::kDuration:
      return "a duration like `30s`";
    case FieldType::kBytes:
      return "a size like `512MiB`";
    case FieldType::kWord: {
      std::string words;
      for (const std::string_view word : field.words) {
        words += (words.empty() ? "`" : ", `") + std::string(word) + "`";
      }
      return "one of " + words;
    }
    case FieldType::kSecret:
      return "a reference to a secret";
    case FieldType::kTextList:
      return "a text or a list of texts";
    case FieldType::kTextMap:
      return "texts by key";
    case FieldType::kGroup:
      return "keys and values";
    case FieldType::kGroupList:
      return "a list of keys and values";
    case FieldType::kGroupMap:
      return "named groups of keys and values";
  }
  return "";
}

std::string RangeWords(const Field& field) {
  if (!(field.min < field.max)) return "";
  std::string words = fmt::format("{} to {}", field.min, field.max);
  if (field.type == FieldType::kDuration) words += " ms";
  if (!field.unit.empty()) words += " " + std::string(field.unit);
  return words;
}

std::string ReferenceMarkdown(std::span<const Field> fields, std::string_view title) {
  std::string out =
      "| key | takes | default | range | example | meaning | since |\n"
      "|---|---|---|---|---|---|---|\n";
  AddRows(fields, std::string(title), &out);
  return out;
}

}  // namespace firn::config
