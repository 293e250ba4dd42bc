// ReadAhead: the rows of a data file that is written again, read by a thread of its own while the
// caller works on the batches before. Internal to lake.
//
// Reading and writing take about as long; on two cores a large file is folded in little more than
// half the time. Memory: three batches more.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <thread>

#include "core/base/call.h"
#include "core/base/error.h"
#include "core/base/queue.h"
#include "ends/lake/internal/parquet_source.h"

namespace firn::lake {

class ReadAhead {
 public:
  ReadAhead(const Call& call, std::unique_ptr<internal::ParquetSource> source);

  struct Part {
    std::shared_ptr<arrow::RecordBatch> rows;  // nullptr: there are no more
    int64_t first_row = 0;                     // its position in the file
  };
  // The parts in order; not to be called again after the last or an error. Errors: those of
  // ParquetSource::Next.
  [[nodiscard]] Result<Part> Next();

 private:
  void Run(const Call& call, const std::stop_token& stop);

  std::unique_ptr<internal::ParquetSource> source_;
  BoundedQueue<Result<Part>> parts_{2};
  std::jthread thread_;  // stopped and joined before what it uses goes
};

}  // namespace firn::lake
