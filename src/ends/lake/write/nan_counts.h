// NanCounts: how many values of each floating column are NaN, counted as a file is written, since
// no Parquet footer tells. Readers pass files over by these counts, so that a wrong one hides rows.
// Internal to lake. One thread.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <map>

#include "core/base/error.h"
#include "core/record/schema.h"

namespace firn::lake {

class NanCounts {
 public:
  // Floating columns of `schema`, those inside of structs too; of those inside of lists and maps
  // nothing is told.
  explicit NanCounts(const record::Schema& schema);
  // `rows` have the schema's columns in its order.
  [[nodiscard]] Result<void> Add(const arrow::RecordBatch& rows);
  [[nodiscard]] const std::map<int, int64_t>& by_field() const { return counts_; }

 private:
  Result<void> Add(const record::Field& field, const arrow::Array& values);

  record::Schema schema_;
  std::map<int, int64_t> counts_;
};

}  // namespace firn::lake
