// FileRows: the rows of data files that belong to no table yet, for what reads them back before or
// instead of a commit.
//
// One FileRows belongs to one thread. Columns are matched to `schema` by field id; one that a file
// lacks is null. Memory: one batch.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "core/record/schema.h"
#include "ends/lake/data_file.h"

namespace firn::lake {

class FileRows {
 public:
  // Files of this machine, read in their order.
  FileRows(std::vector<DataFile> files, record::Schema schema, int batch_rows = 4096);
  ~FileRows();

  [[nodiscard]] const record::Schema& schema() const;
  // The next rows; nullptr at the end. Errors: Corrupt (LAKE-READ-001) naming the file.
  [[nodiscard]] Result<std::shared_ptr<arrow::RecordBatch>> Next(const Call& call);

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace firn::lake
