// TableLoad: rows of any number into data files of a table, which are part of no snapshot until
// they are committed. One thread. Memory: a row group.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "core/record/schema.h"
#include "ends/lake/data_file.h"
#include "ends/lake/table.h"

namespace firn::lake {

class TableLoad {
 public:
  virtual ~TableLoad() = default;
  // `schema`: of the rows, with the table's field ids; may be one that the table gets in the same
  // commit. `table` must outlive it.
  [[nodiscard]] static std::unique_ptr<TableLoad> New(const Table& table, record::Schema schema,
                                                      int64_t target_file_bytes = 128LL << 20);
  // Columns in the order of the schema. Errors: those of the writer and the table's store.
  [[nodiscard]] virtual Result<void> Write(const Call& call, const arrow::RecordBatch& rows) = 0;
  // Every file, closed, synced and in the table's store.
  [[nodiscard]] virtual Result<std::vector<DataFile>> Close(const Call& call) = 0;
  // Removes what was written: nothing refers to it. What stays is an orphan, reported as one.
  virtual void Discard(const Call& call) = 0;
};

}  // namespace firn::lake
