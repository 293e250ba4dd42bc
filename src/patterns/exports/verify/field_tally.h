// FieldTally: in which fields rows differ that both sides have, over any number of such rows.
//
// Of each row a hash for each field goes to disk, divided by Id, and the two sides are compared one
// bucket at a time. One thread; the files are private and removed with the object. Holds hashes of
// values, never values. Internal to exports.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/call.h"
#include "core/record/schema.h"
#include "patterns/exports/verify/spill_buckets.h"

namespace firn::exports {

class FieldTally {
 public:
  // `schema`: columns of all batches, with a string column `Id`. `folder`: exists. `rows`: about
  // how many rows a side will have.
  FieldTally(record::Schema schema, const std::string& folder, int64_t rows);

  enum class Side { kOrg, kLake };
  // All rows of a batch. Errors: of files; Corrupt (EXPORT-VERIFY-001) for a row without an
  // 18-character Id.
  [[nodiscard]] Result<void> Add(Side side, const arrow::RecordBatch& rows);

  // `fields`: places in the schema of what differs, in its order; the views live for the call.
  using EachRow =
      std::function<Result<void>(std::string_view id, const std::vector<size_t>& fields)>;
  // Every row that both sides have and that differs, ordered by Id within a bucket. A row that a
  // side has twice is compared once. No more rows are added afterwards.
  [[nodiscard]] Result<void> EachDifferent(const Call& call, const EachRow& each);

  // Of which several can be in memory.
  static constexpr int64_t kBucketBytes = 32LL << 20;

 private:
  Result<void> Compare(const std::string& org, const std::string& lake, const EachRow& each) const;
  // Where the records of a bucket begin, by their Ids, one a row.
  [[nodiscard]] std::vector<size_t> ById(const std::string& bytes) const;

  record::Schema schema_;
  size_t id_column_ = 0;
  size_t record_bytes_;
  std::unique_ptr<SpillFiles> org_;
  std::unique_ptr<SpillFiles> lake_;
};

}  // namespace firn::exports
