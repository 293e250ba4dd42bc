// ParquetSource: one data file's chosen columns, batch by batch, in the table's types.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "ends/lake/data_file.h"
#include "ends/lake/internal/projection.h"
#include "ends/lake/store/object_store.h"

namespace firn::lake::internal {

struct SourceOptions {
  record::Schema schema;  // top-level fields wanted, in order
  FieldHints hints;
  int batch_rows = 4096;
  int64_t from_row = 0;  // row groups that end before it are passed over
  // Row groups, and pages by the page index, of which this says no by their statistics are passed
  // over; nothing: all are read.
  std::function<bool(const DataFile& statistics)> may_match;
  record::Schema statistics_schema;  // the fields that `may_match` looks at
};

class ParquetSource {
 public:
  virtual ~ParquetSource() = default;
  // Errors: Corrupt (LAKE-READ-001) naming the file: missing, damaged, of another size or row count
  // than `file` says.
  [[nodiscard]] static Result<std::unique_ptr<ParquetSource>> Open(const Call& call,
                                                                   ObjectStore& store,
                                                                   const DataFile& file,
                                                                   const SourceOptions& options);
  // Position in the file, from 0, of the first row of the batch that Next gave last.
  [[nodiscard]] virtual int64_t first_row() const = 0;
  [[nodiscard]] virtual int64_t row_groups_spared() const = 0;
  // Rows of the row groups that are read, of which the page index says that they do not match.
  [[nodiscard]] virtual int64_t rows_spared() const = 0;
  // nullptr at the end.
  [[nodiscard]] virtual Result<std::shared_ptr<arrow::RecordBatch>> Next(const Call& call) = 0;
};

}  // namespace firn::lake::internal
