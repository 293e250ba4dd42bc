#include "ends/lake/internal/row_mask.h"

#include <arrow/array/builder_primitive.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/record_batch.h>

#include <algorithm>

namespace firn::lake::internal {

Result<std::shared_ptr<arrow::RecordBatch>> OnlyRows(std::shared_ptr<arrow::RecordBatch> batch,
                                                     const std::vector<bool>& keep) {
  if (std::find(keep.begin(), keep.end(), false) == keep.end()) return batch;
  arrow::BooleanBuilder builder;
  std::shared_ptr<arrow::Array> mask;
  auto status = builder.AppendValues(keep);
  if (status.ok()) status = builder.Finish(&mask);
  if (status.ok()) {
    auto filtered = arrow::compute::Filter(arrow::Datum(batch), arrow::Datum(mask));
    status = filtered.status();
    if (filtered.ok()) return filtered->record_batch();
  }
  return Fail(
      Error(Kind::kInternal, "LAKE-READ-001", "rows cannot be filtered").Because(status.message()));
}

Result<std::shared_ptr<arrow::RecordBatch>> WithoutRows(std::shared_ptr<arrow::RecordBatch> batch,
                                                        int64_t first,
                                                        const std::vector<int64_t>& deleted) {
  const int64_t end = first + batch->num_rows();
  auto at = std::lower_bound(deleted.begin(), deleted.end(), first);
  if (at == deleted.end() || *at >= end) return batch;
  std::vector<bool> keep(static_cast<size_t>(batch->num_rows()), true);
  for (; at != deleted.end() && *at < end; ++at) keep[static_cast<size_t>(*at - first)] = false;
  return OnlyRows(std::move(batch), keep);
}

}  // namespace firn::lake::internal
