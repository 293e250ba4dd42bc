// Marks of rows into buckets, from either side. Internal to exports.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "core/record/schema.h"
#include "ends/lake/data_file.h"
#include "ends/lake/table.h"
#include "patterns/exports/verify/spill_buckets.h"

namespace arrow {
class RecordBatch;
}

namespace firn::exports {

// Rows of data files, or of a table without those that are set to deleted, as batches whose columns
// are `schema`'s (`Id` among them).
using EachBatch = std::function<Result<void>(const std::shared_ptr<arrow::RecordBatch>&)>;
[[nodiscard]] Result<void> EachStagedBatch(const Call& call,
                                           const std::vector<lake::DataFile>& files,
                                           const record::Schema& schema, const EachBatch& each);
[[nodiscard]] Result<void> EachLiveBatch(const Call& call, const lake::Table& table,
                                         const record::Schema& schema, const EachBatch& each);

// A batch's marks into the buckets. `stamp`: name of the stamp column; may be empty. Rows without
// an 18-character Id are left out and counted in `without_id` (a table may hold rows of other
// writers); nullptr: they are Corrupt (EXPORT-VERIFY-001).
[[nodiscard]] Result<void> SpillMarks(const arrow::RecordBatch& batch, const record::Schema& schema,
                                      const std::string& stamp, SpillBuckets& buckets,
                                      int64_t* without_id = nullptr);
// What is said of such rows.
[[nodiscard]] std::string WithoutIdText(int64_t rows, const std::string& table);

// The rows of a batch for which `keep` answers true for their Id.
[[nodiscard]] Result<std::shared_ptr<arrow::RecordBatch>> RowsOf(
    const std::shared_ptr<arrow::RecordBatch>& batch, const record::Schema& schema,
    const std::function<bool(std::string_view id)>& keep);

}  // namespace firn::exports
