// The changes a commit can make: each is worked out on the newest metadata, again after a conflict.
// Used by Lake; not thread-safe, one object a commit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ends/lake/commit/row_delta.h"
#include "ends/lake/commit/snapshot_change.h"

namespace firn::lake {

class AppendChange : public SnapshotChange {
 public:
  AppendChange(std::shared_ptr<ObjectStore> store, const std::vector<DataFile>& files,
               const CommitOptions& options)
      : SnapshotChange(std::move(store), options), files_(files) {}
  Result<CommitDraft> operator()(const Call& call, const CommitBase& base);

 private:
  const std::vector<DataFile>& files_;
};

// `files` stand for all rows; `schema`, if any, becomes current.
class ReplaceAllChange : public SnapshotChange {
 public:
  ReplaceAllChange(std::shared_ptr<ObjectStore> store, const std::vector<DataFile>& files,
                   const record::Schema* schema, const CommitOptions& options)
      : SnapshotChange(std::move(store), options), files_(files), schema_(schema) {}
  Result<CommitDraft> operator()(const Call& call, const CommitBase& base);

 private:
  Result<void> CheckForeignRows(const CommitBase& base);

  const std::vector<DataFile>& files_;
  const record::Schema* schema_;
  std::optional<int64_t> since_;
};

class RowDeltaChange : public SnapshotChange {
 public:
  RowDeltaChange(std::shared_ptr<ObjectStore> store, RowDelta delta, RowDeltaOptions options)
      : SnapshotChange(std::move(store), options.commit),
        delta_(std::move(delta)),
        others_rows_conflict_(options.others_rows_conflict),
        rewrite_(options.rewrite),
        resolve_(std::move(options.resolve)),
        since_(options.commit.since_snapshot) {}
  Result<CommitDraft> operator()(const Call& call, const CommitBase& base);

 private:
  // Brings the delta to the state of `base`, or says why it cannot be.
  Result<void> CatchUp(const Call& call, const CommitBase& base);
  void RemoveUnused(const Call& call, const RowDelta& next);

  RowDelta delta_;
  bool others_rows_conflict_;
  bool rewrite_;
  ResolveRowDelta resolve_;
  std::optional<int64_t> since_;
};

// Manifests put together up to their target size.
class RewriteManifestsChange : public SnapshotChange {
 public:
  explicit RewriteManifestsChange(std::shared_ptr<ObjectStore> store)
      : SnapshotChange(std::move(store), {}) {}
  Result<CommitDraft> operator()(const Call& call, const CommitBase& base);
};

// Metadata only, unless a new snapshot is needed to carry over what consumers noted.
class ExpireChange : public SnapshotChange {
 public:
  ExpireChange(std::shared_ptr<ObjectStore> store, const ExpiryRules& rules)
      : SnapshotChange(std::move(store), {}) {
    rules_ = rules;
  }
  Result<CommitDraft> operator()(const Call& call, const CommitBase& base);
};

// Not kept among the properties: it is a member of its own.
inline constexpr const char* kFormatVersion = "format-version";

// Metadata only.
[[nodiscard]] Result<CommitDraft> EvolveSchemaChange(const Call& call, const CommitBase& base,
                                                     const record::Schema& schema,
                                                     const TableShape& derived_from);
[[nodiscard]] Result<CommitDraft> EvolveSpecChange(const Call& call, const CommitBase& base,
                                                   const std::vector<PartitionField>& fields,
                                                   const TableShape& derived_from);
[[nodiscard]] Result<CommitDraft> EvolveSortOrderChange(const Call& call, const CommitBase& base,
                                                        const std::vector<SortField>& fields,
                                                        const TableShape& derived_from);
// Errors: Conflict (LAKE-COMMIT-007) naming what differs.
[[nodiscard]] Result<void> CheckShape(const CommitBase& base, const TableShape& expected);
[[nodiscard]] Result<CommitDraft> SetPropertiesChange(
    const Call& call, const CommitBase& base,
    const std::map<std::string, std::optional<std::string>>& changes);

[[nodiscard]] Result<CommitDraft> SetRefChange(const Call& call, const CommitBase& base,
                                               const std::string& name,
                                               const std::optional<RefOptions>& ref);

}  // namespace firn::lake
