#include <fmt/format.h>

#include "core/config/bound_value.h"
#include "core/config/field.h"

namespace firn::config {
namespace {

std::string Code(std::string_view text) {
  return text.empty() ? std::string() : "`" + std::string(text) + "`";
}

void AddEntries(std::span<const Field> fields, const std::string& path,
                std::vector<ReferenceEntry>* entries) {
  for (const Field& field : fields) {
    const std::string key =
        path.empty() ? std::string(field.name) : path + "." + std::string(field.name);
    std::string help(field.help);
    if (field.required) help += " (required)";
    if (field.restart) help += " (after a restart)";
    const std::string range = RangeWords(field);
    entries->push_back({key, TypeWords(field), std::string(field.default_value),
                        range.empty() ? std::string(field.unit) : range, std::string(field.example),
                        help, std::string(field.since)});
    const bool is_list = field.type == FieldType::kGroupList;
    const bool is_map = field.type == FieldType::kGroupMap;
    AddEntries(field.fields, key + (is_list ? "[]" : is_map ? ".NAME" : ""), entries);
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
  std::vector<ReferenceEntry> entries;
  AddEntries(fields, std::string(title), &entries);
  for (const ReferenceEntry& entry : entries) {
    out += fmt::format("| `{}` | {} | {} | {} | {} | {} | {} |\n", entry.key, entry.takes,
                       Code(entry.default_value), entry.range, Code(entry.example), entry.help,
                       entry.since);
  }
  return out;
}

std::vector<ReferenceEntry> ReferenceEntries(std::span<const Field> fields) {
  std::vector<ReferenceEntry> entries;
  AddEntries(fields, "", &entries);
  return entries;
}

}  // namespace firn::config
