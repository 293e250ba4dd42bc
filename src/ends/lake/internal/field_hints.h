// FieldHints: what a table knows of columns that a data file lacks under their ids.
#pragma once

#include <arrow/type_fwd.h>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/record/schema.h"

namespace firn::lake {
struct DataFile;
struct TableMetadata;
}  // namespace firn::lake

namespace firn::lake::internal {

struct FieldHints {
  // Names a field went by, for files without field ids (property `schema.name-mapping.default`).
  std::map<int, std::set<std::string>> names;
  // What rows hold that are older than the field, as JSON: `initial-default` of format version 3.
  // It never changes, so that all schemas of a table agree on it.
  std::map<int, std::string> defaults;
  // By spec id: fields that are partition values as they are, and where in a file's tuple.
  std::map<int, std::vector<std::pair<int, size_t>>> identity;
  // What every row of one file holds, by its partition, in single-value form; nothing: null.
  std::map<int, std::optional<std::string>> held;
};

// A malformed mapping gives no names: it only helps files that have no ids.
[[nodiscard]] FieldHints HintsOf(const TableMetadata& metadata);
void CollectNames(const std::string& mapping_json, FieldHints& out);

// The hints for one file: files that came from Hive lack the columns that they are partitioned by,
// whose values stand in the manifest then. Source: Iceberg spec, "Column Projection", read 2026-11.
[[nodiscard]] FieldHints HintsFor(FieldHints hints, const DataFile& file);
// A partition value as a value of a primitive field's Arrow type. Errors: Corrupt (LAKE-READ-001)
// naming the column.
[[nodiscard]] Result<std::shared_ptr<arrow::Scalar>> SingleScalar(const record::Field& field,
                                                                  std::string_view bytes);

// A default as a value of a primitive field's Arrow type. Errors: Corrupt (LAKE-READ-001) naming
// the column. Source: Iceberg spec, appendix C "JSON single-value serialization", read 2026-11.
[[nodiscard]] Result<std::shared_ptr<arrow::Scalar>> DefaultScalar(const record::Field& field,
                                                                   const std::string& json);

}  // namespace firn::lake::internal
