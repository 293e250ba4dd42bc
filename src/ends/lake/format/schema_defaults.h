// Defaults of fields (format version 3), which record::Schema does not hold: they stand in a
// schema's JSON, and have to stay there when the schema is changed. Pure.
// Source: Iceberg spec, "Default values", read 2026-11.
#pragma once

#include <string>

namespace firn::lake {

// `schema_json` with `initial-default` and `write-default` of the fields that `older_json` has them
// for, by id. Text that is no schema comes back as it is.
[[nodiscard]] std::string WithDefaultsOf(const std::string& older_json, std::string schema_json);

}  // namespace firn::lake
