// What a REST catalog is asked for a commit: the requirements under which, and the updates by
// which, one state of a table becomes another. Pure functions, any thread. Source: REST catalog
// spec, "TableRequirement", "TableUpdate"; apache/iceberg 1.11 UpdateRequirements, read 2026-11.
#pragma once

#include <string>

#include "core/base/error.h"
#include "ends/lake/format/metadata.h"

namespace firn::lake {

struct MetadataDiff {
  std::string requirements;  // JSON array
  std::string updates;       // JSON array; `[]` when there is nothing to do
  [[nodiscard]] bool empty() const { return updates == "[]"; }
};
// `next` was made from `base`: the same table, ids of schemas, specs and orders kept. Logs and the
// time of the last change are the catalog's to write. Errors: Corrupt (LAKE-META-001) when a schema
// or snapshot of `next` is no JSON.
[[nodiscard]] Result<MetadataDiff> DiffMetadata(const TableMetadata& base,
                                                const TableMetadata& next);

}  // namespace firn::lake
