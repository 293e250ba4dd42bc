// Batches as they are fed to a merge, checked and turned into the table's columns. Internal to
// lake.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ends/lake/internal/projection.h"
#include "ends/lake/merge/changes.h"

namespace firn::lake {

// What a batch is checked against.
struct FeedTarget {
  const Table& table;
  const std::string& key_column;
  const HashSeed& seed;
};

struct FedBatch {
  ChangeBatch batch;
  std::vector<MergeKey> keys;  // one a row
};

// Errors of each: BadInput (LAKE-MERGE-003).
[[nodiscard]] Result<FedBatch> FeedWhole(const FeedTarget& target, const arrow::RecordBatch& rows,
                                         const UpsertOptions& options);
[[nodiscard]] Result<FedBatch> FeedPartial(const FeedTarget& target, const arrow::RecordBatch& rows,
                                           const UpdateOptions& options);
// `set_deleted`: soft mode, true for a delete and false for an undelete.
struct FeedKeysOptions {
  ChangeBatch::Kind kind = ChangeBatch::Kind::kDelete;
  bool deleted = true;
  int64_t deleted_at_us = 0;
  Orders orders;
};
[[nodiscard]] Result<FedBatch> FeedKeys(const FeedTarget& target, std::span<const std::string> keys,
                                        const FeedKeysOptions& options);

}  // namespace firn::lake
