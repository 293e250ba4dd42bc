#include "app/cli/commands/org_diff.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

namespace firn::cli {
namespace {

using Json = nlohmann::json;

constexpr size_t kShownMax = 120;  // characters of a value in the report

Result<Json> Read(std::string_view text) {
  Json value = Json::parse(text, nullptr, false);
  if (!value.is_object()) {
    return Fail(Error(Kind::kCorrupt, "CLI-ORG-001", "the org's answer is not a describe as JSON"));
  }
  return value;
}

std::string Shown(const Json& value) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > kShownMax) text = text.substr(0, kShownMax) + "…";
  return text;
}

// Addresses name the version and differ by nature.
bool IsAddress(const std::string& name) { return name == "urls" || name == "url"; }

// Members that differ; nested objects by their paths.
void DiffMembers(const Difference& where, const Json& here, const Json& there,
                 std::vector<Difference>& found) {
  std::map<std::string, std::pair<const Json*, const Json*>> members;
  for (const auto& [name, value] : here.items()) members[name].first = &value;
  for (const auto& [name, value] : there.items()) members[name].second = &value;
  for (const auto& [name, sides] : members) {
    if (IsAddress(name)) continue;
    Difference one = where;
    one.what += (one.what.empty() ? "" : ".") + name;
    const auto& [left, right] = sides;
    if (left != nullptr && right != nullptr) {
      if (left->is_object() && right->is_object()) {
        DiffMembers(one, *left, *right, found);
        continue;
      }
      if (*left == *right) continue;
    }
    if (left != nullptr) one.here = Shown(*left);
    if (right != nullptr) one.there = Shown(*right);
    found.push_back(std::move(one));
  }
}

// A list of objects by their `name`, so that a new entry is one difference.
Json ByName(const Json& list) {
  Json named = Json::object();
  if (!list.is_array()) return named;
  for (const Json& each : list) {
    const bool has_name = each.is_object() && each.contains("name") && each["name"].is_string();
    if (has_name) named[each["name"].get<std::string>()] = each;
  }
  return named;
}

std::string_view Line(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

}  // namespace

Result<void> DiffDescribes(const std::string& object, std::string_view here_text,
                           std::string_view there_text, std::vector<Difference>& found) {
  FIRN_TRY(Json here, Read(here_text));
  FIRN_TRY(Json there, Read(there_text));
  const Json fields_here = ByName(here.value("fields", Json::array()));
  const Json fields_there = ByName(there.value("fields", Json::array()));
  here.erase("fields");
  there.erase("fields");
  DiffMembers({object, "describe", "", "", ""}, here, there, found);
  std::map<std::string, int> names;
  for (const auto& [name, field] : fields_here.items()) names[name] |= 1;
  for (const auto& [name, field] : fields_there.items()) names[name] |= 2;
  for (const auto& [name, sides] : names) {
    if (sides == 3) {
      DiffMembers({object, "describe", name, "", ""}, fields_here[name], fields_there[name], found);
    } else {
      found.push_back({object, "describe", "field " + name, sides == 1 ? "there" : "",
                       sides == 2 ? "there" : ""});
    }
  }
  return {};
}

Result<void> DiffRecords(const std::string& object, std::string_view here_text,
                         std::string_view there_text, std::vector<Difference>& found) {
  FIRN_TRY(const Json here, Read(here_text));
  FIRN_TRY(const Json there, Read(there_text));
  const std::string id = here.value("Id", Json()).is_string() ? here["Id"].get<std::string>() : "";
  DiffMembers({object, "query", "record " + id, "", ""}, here, there, found);
  return {};
}

void DiffPages(const std::string& object, std::string_view here, std::string_view there,
               std::vector<Difference>& found) {
  for (size_t line = 0; !here.empty() || !there.empty(); ++line) {
    const std::string_view left = Line(here);
    const std::string_view right = Line(there);
    if (left == right) continue;
    const std::string what = line == 0 ? "columns" : "line " + std::to_string(line + 1);
    found.push_back({object, "job", what, std::string(left.substr(0, kShownMax)),
                     std::string(right.substr(0, kShownMax))});
    return;
  }
}

Result<std::vector<std::string>> PlainFields(std::string_view describe_json) {
  FIRN_TRY(const Json describe, Read(describe_json));
  std::vector<std::string> names;
  const Json fields = describe.value("fields", Json::array());
  for (const Json& field : fields) {
    const std::string type = field.value("type", "");
    if (type == "address" || type == "location" || type == "base64") continue;
    names.push_back(field.value("name", ""));
  }
  return names;
}

Table DifferenceTable(const std::vector<Difference>& found, const std::string& here,
                      const std::string& there) {
  Table table{.format = "firn.org-api-check/1",
              .columns = {{.key = "object", .title = "object", .ink = Ink::kName},
                          {.key = "part", .title = "part"},
                          {.key = "what", .title = "what", .shrink = true},
                          {.key = "here", .title = here, .shrink = true},
                          {.key = "there", .title = there, .shrink = true}},
              .rows = {},
              .when_empty = "no difference between " + here + " and " + there};
  for (const Difference& one : found) {
    table.rows.push_back({one.object, one.part, one.what,
                          one.here.empty() ? Cell() : Cell(one.here),
                          one.there.empty() ? Cell() : Cell(one.there)});
  }
  return table;
}

}  // namespace firn::cli
