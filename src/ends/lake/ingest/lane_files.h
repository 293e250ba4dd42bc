// LaneFiles: the data files that a lane of an ingest writes at a time. Internal to lake; one
// thread.
//
// One file of whole pages, or, of a table with partitions, one for each partition that its pages
// have rows of. They become durable together.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "ends/lake/ingest/ingest_lane.h"

namespace firn::lake {

class LaneFiles {
 public:
  // The `number`th ones of a lane. Errors: those of ParquetWriter and PartitionFiles.
  [[nodiscard]] static Result<std::unique_ptr<LaneFiles>> Open(const IngestShared& shared, int lane,
                                                               int number);
  virtual ~LaneFiles() = default;  // removes the files unless they were kept
  [[nodiscard]] virtual Result<void> Write(const Call& call,
                                           const std::shared_ptr<arrow::RecordBatch>& batch) = 0;
  // Closed, synced and in the store.
  [[nodiscard]] virtual Result<std::vector<DataFile>> Close(const Call& call) = 0;
  // They belong to the caller from now on.
  virtual void Keep() = 0;
  [[nodiscard]] virtual int64_t bytes() const = 0;
  // Bytes past which they are closed at the next page border.
  [[nodiscard]] virtual int64_t target_bytes() const = 0;
};

}  // namespace firn::lake
