#include "patterns/exports/object/field_definitions.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace firn::exports {
namespace {

using nlohmann::json;

constexpr const char* kArea = "definitions";

// Formulas are long, and only whether they are the same counts.
uint64_t Fingerprint(const std::string& text) {
  uint64_t hash = 14695981039346656037ULL;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash;
}

// [type, length, precision, scale, formula]
json DefinitionOf(const json& field) {
  const json formula = field.value("calculatedFormula", json());
  return {field.value("type", ""), field.value("length", 0), field.value("precision", 0),
          field.value("scale", 0),
          formula.is_string() ? Fingerprint(formula.get<std::string>()) : 0U};
}

json DefinitionsOf(const std::string& describe) {
  json definitions = json::object();
  const auto described = json::parse(describe, nullptr, false);
  if (!described.is_object() || !described.contains("fields")) return definitions;
  for (const json& field : described["fields"]) {
    if (field.is_object()) definitions[field.value("name", "")] = DefinitionOf(field);
  }
  return definitions;
}

// More room changes no value.
bool MayChangeValues(const json& before, const json& now) {
  if (!before.is_array() || before.size() != now.size()) return true;
  return before[0] != now[0] || now[1] < before[1] || now[2] < before[2] || before[3] != now[3] ||
         before[4] != now[4];
}

state::Key KeyOf(const DefinitionsOwner& owner) { return {owner.org_id, kArea, owner.table}; }

Result<json> Kept(const DefinitionsOwner& owner) {
  FIRN_TRY(const auto row, owner.shared->Get(KeyOf(owner)));
  auto kept = row ? json::parse(row->value, nullptr, false) : json();
  return kept.is_object() ? std::move(kept) : json::object();
}

}  // namespace

Result<std::vector<std::string>> RedefinedFields(const DefinitionsOwner& owner,
                                                 const std::string& describe) {
  std::vector<std::string> redefined;
  if (owner.shared == nullptr) return redefined;
  FIRN_TRY(const json kept, Kept(owner));
  const json now = DefinitionsOf(describe);
  for (const auto& [name, definition] : now.items()) {
    const auto before = kept.find(name);
    if (before == kept.end()) continue;
    if (MayChangeValues(*before, definition)) redefined.push_back(name);
  }
  return redefined;
}

Result<void> KeepDefinitions(const DefinitionsOwner& owner, const std::string& describe) {
  if (owner.shared == nullptr) return {};
  FIRN_TRY(const json before, Kept(owner));
  json kept = before;
  kept.update(DefinitionsOf(describe));
  if (kept == before) return {};
  return owner.shared->Put(KeyOf(owner), kept.dump());
}

std::vector<std::string> ColumnsOfFields(const record::Layout& layout,
                                         const std::vector<std::string>& fields) {
  std::vector<std::string> columns;
  std::set<int> sources;
  const auto add = [&](int field_index) {
    const std::string& name = layout.schema.fields[static_cast<size_t>(field_index)].name;
    if (std::find(columns.begin(), columns.end(), name) == columns.end()) columns.push_back(name);
  };
  for (const std::string& field : fields) {
    const int source = layout.ColumnIndex(field);
    if (source < 0 || field == "Id") continue;
    sources.insert(source);
    add(layout.columns[static_cast<size_t>(source)].field_index);
  }
  for (const record::DerivedField& derived : layout.derived) {
    const bool touched = std::any_of(derived.sources.begin(), derived.sources.end(),
                                     [&](int source) { return sources.contains(source); });
    if (touched && derived.kind != record::DerivedField::Kind::kBlobUri) add(derived.field_index);
  }
  return columns;
}

}  // namespace firn::exports
