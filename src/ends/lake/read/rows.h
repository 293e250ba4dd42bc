// Rows: a snapshot's rows, streamed out of its data files.
//
// One RowReader belongs to one thread. Columns are matched to the table's schema by field id: one
// that a file lacks is null, one written with a narrower type is widened. Position deletes,
// deletion vectors and equality deletes of other writers are applied. Memory: one batch of the
// chosen columns and the decoder's pages, whatever the table's size.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "core/record/schema.h"
#include "ends/lake/table.h"

namespace firn::lake {

struct RowsOptions {
  std::vector<std::string> columns;  // top-level names in the order wanted; empty: all
  std::optional<int64_t> snapshot;   // nothing: the current one
  std::string where;                 // read/filter.h; empty: every row
  int64_t limit = -1;                // rows at most; -1: all
  int batch_rows = 4096;
};

class RowReader {
 public:
  virtual ~RowReader() = default;
  // Errors: NotFound (LAKE-SNAPSHOT-001, LAKE-COLUMN-001 with the nearest name), BadInput
  // (LAKE-FILTER-001), Unsupported (LAKE-READ-002) for deletes of unknown formats, Corrupt naming a
  // manifest.
  [[nodiscard]] static Result<std::unique_ptr<RowReader>> Open(const Call& call, const Table& table,
                                                               const RowsOptions& options);

  // The chosen columns, with the types that batches have.
  [[nodiscard]] virtual const record::Schema& schema() const = 0;
  // The next rows; nullptr at the end. Errors: Corrupt (LAKE-READ-001) naming the data file, when
  // it is damaged or has other rows than its manifest says.
  [[nodiscard]] virtual Result<std::shared_ptr<arrow::RecordBatch>> Next(const Call& call) = 0;
  // What the filter's look at statistics spared, so far.
  struct Spared {
    int64_t files = 0;
    int64_t row_groups = 0;
    int64_t rows = 0;  // of the row groups that were read, by the page index
  };
  [[nodiscard]] virtual Spared spared() const = 0;
};

}  // namespace firn::lake
