// Partitions: which partition of the table's current spec each row belongs to, and specs as people
// write them. Internal to lake, but for ParsePartitionFields.
//
// Values are in single-value form, as manifests hold them (format/transform.h).
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/format/transform.h"
#include "ends/lake/table.h"

namespace firn::lake {

using PartitionTuple = std::vector<std::optional<std::string>>;  // by field of the spec

// The value of a row; nothing for null. `column`: as batches of the table have that type.
[[nodiscard]] std::optional<std::string> SingleValueAt(const arrow::Array& column, int64_t row,
                                                       const record::Type& type);

class Partitioner {
 public:
  // Of the table's default spec. Errors: Unsupported (LAKE-COMMIT-005) for a transform that is
  // unknown here or a source in a list or map.
  [[nodiscard]] static Result<Partitioner> For(const Table& table);
  [[nodiscard]] bool unpartitioned() const { return fields_.empty(); }
  // Rows of each partition, rising. `batch` has the table's columns by name.
  [[nodiscard]] std::map<PartitionTuple, std::vector<int64_t>> Split(
      const arrow::RecordBatch& batch) const;

 private:
  struct Source {
    std::vector<std::string> path;  // names from the outermost struct inwards; empty: no column
    record::Type type;
    Transform transform;
  };
  std::vector<Source> fields_;
};

// Rows of files that are in no partition yet, in files of the table's current spec. Those given are
// as they were afterwards; an unpartitioned table gets them back. Errors: of reading and writing;
// the files written until then are removed.
[[nodiscard]] Result<std::vector<DataFile>> PlaceInPartitions(const Call& call, const Table& table,
                                                              const std::vector<DataFile>& files);

// `bucket(16, Id), day(CreatedDate), Address.City`: fields of a partition spec, of columns and of
// fields of structs, named as the reference names them. Errors: BadInput (LAKE-SPEC-001); NotFound
// (LAKE-COLUMN-001).
[[nodiscard]] Result<std::vector<PartitionField>> ParsePartitionFields(
    std::string_view text, const record::Schema& schema);

}  // namespace firn::lake
