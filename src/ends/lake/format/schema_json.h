// Schemas between record::Schema and Iceberg's JSON form (spec, appendix C "Schemas"), name
// mappings, and the rules for changing a schema.
//
// Pure functions, any thread.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/record/schema.h"

namespace firn::lake {

// A primitive's spelling: `decimal(18, 2)`, `fixed[16]`. Errors: Unsupported (LAKE-META-002) for
// types this program does not know (v3's variant, geometry, geography, unknown).
[[nodiscard]] Result<record::Type> ParsePrimitive(std::string_view text);
// A primitive in the spec's spelling.
[[nodiscard]] std::string PrimitiveText(const record::Type& type);

// A column of a type of format version 3 that is not read: variant, geometry, geography, unknown. A
// table's record::Schema is without it: its other columns are read, and nothing is written to it.
struct UnreadColumn {
  std::string name;
  std::string type;
};
// Top-level columns that are of such a type or hold one.
[[nodiscard]] std::vector<UnreadColumn> UnreadColumns(const std::string& schema_json);

// Errors: Corrupt (LAKE-META-001), Unsupported (LAKE-META-002).
[[nodiscard]] Result<record::Schema> ParseSchemaJson(std::string_view json);
[[nodiscard]] std::string SchemaJson(const record::Schema& schema);

// The value of property `schema.name-mapping.default`: every field's present name.
[[nodiscard]] std::string NameMappingJson(const record::Schema& schema);

// Ids unique and positive, names unique among siblings, types complete. Errors: BadInput
// (LAKE-SCHEMA-002).
[[nodiscard]] Result<void> CheckSchema(const record::Schema& schema);

// Types of format version 3 in an older table. Errors: BadInput (LAKE-SCHEMA-002).
[[nodiscard]] Result<void> CheckVersion(const record::Schema& schema, int format_version);

// Whether a table with `present` may get `next`: fields keep their meaning by id, new ids lie above
// `last_column_id`, int may become long, float double, a decimal wider; required may be relaxed,
// and added only when the same commit replaces all rows. Errors: BadInput (LAKE-SCHEMA-001) naming
// the field. Source: Iceberg spec, "Schema Evolution", read 2026-11.
struct EvolutionOptions {
  int last_column_id = 0;
  bool rows_replaced = false;
};
[[nodiscard]] Result<void> CheckEvolution(const record::Schema& present, const record::Schema& next,
                                          const EvolutionOptions& options);

}  // namespace firn::lake
