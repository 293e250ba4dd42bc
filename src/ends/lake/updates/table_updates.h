// What clients of a REST catalog ask of a table's metadata: requirements, updates and create
// requests in the JSON of the REST catalog spec, checked and applied. Pure functions, any thread.
//
// Types whose rows this program does not read pass through. Errors: BadInput (LAKE-UPDATE-001) for
// what breaks a rule, Conflict (LAKE-UPDATE-002) for what was worked out on an older state of the
// table: load it again and retry. Source: Iceberg table spec, "Table Metadata"; REST catalog spec,
// "TableRequirement", "TableUpdate", "CreateTableRequest"; apache/iceberg 1.11, read 2026-11.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "ends/lake/format/metadata.h"

namespace firn::lake {

// Whether the list says that the table must not be there yet; then it may say nothing else.
[[nodiscard]] Result<bool> RequiresNoTable(std::string_view requirements_json);
// `base`: nullptr when there is no table.
[[nodiscard]] Result<void> CheckRequirements(std::string_view requirements_json,
                                             const TableMetadata* base);

struct UpdatedMetadata {
  TableMetadata metadata;
  bool changed = false;  // false: every update left things as they are
};
// The log of metadata files is the committer's to push to.
[[nodiscard]] Result<UpdatedMetadata> ApplyUpdates(const TableMetadata& base,
                                                   std::string_view updates_json, int64_t now_ms);

struct NewTableDefaults {
  std::string uuid;                               // when no update assigns one
  std::function<Result<std::string>()> location;  // when no update sets one
  int64_t now_ms = 0;
};
// A table that its client builds update by update.
[[nodiscard]] Result<TableMetadata> TableFromUpdates(std::string_view updates_json,
                                                     const NewTableDefaults& defaults);

struct TableRequest {
  std::string schema_json;
  std::string partition_spec_json;                // empty: unpartitioned
  std::string write_order_json;                   // empty: unsorted
  std::map<std::string, std::string> properties;  // `format-version`: 1, 2 or 3
  std::string location;
  std::string uuid;
  int64_t now_ms = 0;
};
// Column, partition and order ids are given anew, reserved properties taken out.
[[nodiscard]] Result<TableMetadata> NewTableFromRequest(const TableRequest& request);

// Ids and names unique, types well-formed, identifier fields allowed to be one.
[[nodiscard]] Result<void> CheckSchemaJson(std::string_view schema_json);
// Equal but for the schema's id and the order of keys. Both passed CheckSchemaJson.
[[nodiscard]] bool SameSchemaJson(std::string_view one, std::string_view other);

}  // namespace firn::lake
