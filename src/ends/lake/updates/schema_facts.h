// What the rules for updates need of a schema in its JSON form: ids, names and types of its fields.
//
// Works on JSON and not on record::Schema, so that types whose rows this program does not read pass
// through. Pure functions, any thread. Errors: BadInput (LAKE-UPDATE-001).
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace firn::lake::internal {

struct FieldFacts {
  std::string path;       // `address.city`
  std::string type;       // a primitive's spelling without blanks; `struct`, `list`, `map`
  bool required = false;  // it and everything above it
  bool has_default = false;
  [[nodiscard]] bool primitive() const;
};

struct SchemaFacts {
  int highest_id = 0;
  std::map<int, FieldFacts> fields;
  std::map<std::string, int> by_path;
};

// Ids and names unique, types well-formed, identifier fields allowed to be one.
[[nodiscard]] Result<SchemaFacts> ReadSchemaFacts(const nlohmann::ordered_json& schema);
// Whether a table of that format version may have it. Source: Iceberg spec, "Schemas and Data
// Types" and "Default values", read 2026-11.
[[nodiscard]] Result<void> CheckFormatAllows(const SchemaFacts& facts, int format_version);
// Equal but for the schema's id and the order of keys.
[[nodiscard]] bool SameSchema(const nlohmann::ordered_json& one,
                              const nlohmann::ordered_json& other);
// Whether values of `type` (as in FieldFacts) can go through `transform`; transforms unknown here
// pass. Source: Iceberg spec, "Partition Transforms", read 2026-11.
[[nodiscard]] bool TransformTakes(std::string_view transform, std::string_view type);

}  // namespace firn::lake::internal
