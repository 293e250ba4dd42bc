// RowStream: rows on their way out of the lake or into it, whatever they come from: a snapshot of a
// table, or a Parquet file that a query engine wrote.
//
// One stream belongs to one thread. Columns go by their names; field ids mean nothing here. Memory:
// one batch.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "ends/lake/read/rows.h"
#include "ends/lake/table.h"

namespace firn::lake {

struct StreamColumn {
  std::string name;
  std::string type;  // for people
};

class RowStream {
 public:
  virtual ~RowStream() = default;
  [[nodiscard]] virtual const std::vector<StreamColumn>& columns() const = 0;
  // The next rows; nullptr at the end. Errors: Corrupt naming the file.
  [[nodiscard]] virtual Result<std::shared_ptr<arrow::RecordBatch>> Next(const Call& call) = 0;
};

// Errors: those of RowReader::Open.
[[nodiscard]] Result<std::unique_ptr<RowStream>> StreamTable(const Call& call, const Table& table,
                                                             const RowsOptions& options);
// A file of this machine. Errors: NotFound, or Corrupt (LAKE-READ-004) naming it.
[[nodiscard]] Result<std::unique_ptr<RowStream>> StreamParquetFile(const std::string& path);

}  // namespace firn::lake
