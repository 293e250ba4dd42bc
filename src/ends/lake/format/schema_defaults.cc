#include "ends/lake/format/schema_defaults.h"

#include <map>

#include "ends/lake/internal/json.h"

namespace firn::lake {
namespace {

using internal::Json;

constexpr int kDepthMax = 64;
constexpr const char* kKeys[] = {"initial-default", "write-default"};

// Calls `visit` with every field of structs; of lists and maps, whose elements have no defaults,
// with what is below.
template <typename Visit>
void EachField(Json& type, int depth, const Visit& visit) {
  if (!type.is_object() || depth > kDepthMax) return;
  for (const char* key : {"element", "key", "value"}) {
    if (type.contains(key)) EachField(type[key], depth + 1, visit);
  }
  if (!type.contains("fields") || !type["fields"].is_array()) return;
  for (Json& field : type["fields"]) {
    if (!field.is_object() || !field.contains("id") || !field["id"].is_number_integer()) continue;
    visit(field);
    if (field.contains("type")) EachField(field["type"], depth + 1, visit);
  }
}

}  // namespace

std::string WithDefaultsOf(const std::string& older_json, std::string schema_json) {
  // Hardly a table has any.
  if (older_json.find("-default\"") == std::string::npos) return schema_json;
  auto older = internal::ParseJson(older_json);
  auto schema = internal::ParseJson(schema_json);
  if (!older || !schema) return schema_json;
  std::map<int64_t, Json> defaults;
  EachField(*older, 0, [&](Json& field) {
    for (const char* key : kKeys) {
      if (field.contains(key)) defaults[field["id"].get<int64_t>()][key] = field[key];
    }
  });
  EachField(*schema, 0, [&](Json& field) {
    const auto found = defaults.find(field["id"].get<int64_t>());
    if (found != defaults.end()) field.update(found->second);
  });
  return internal::Dump(*schema);
}

}  // namespace firn::lake
