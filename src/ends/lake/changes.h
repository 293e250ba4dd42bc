// The changes a commit can make: each is worked out on the newest metadata, again after a conflict.
// Used by Lake; not thread-safe, one object a commit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ends/lake/commit.h"
#include "ends/lake/format/snapshot_summary.h"

namespace firn::lake {

// What all snapshot-making changes share: checks, manifests, the manifest list, the summary.
class SnapshotChange {
 public:
  SnapshotChange(ObjectStore& store, const std::vector<DataFile>& files,
                 const CommitOptions& options)
      : store_(store), files_(files), options_(options) {}

  // Removes what was kept for a next attempt. For commits that certainly did not become true.
  void Discard(const Call& call);

 protected:
  // Files are there in their stated size, the table is one we may write. Once a commit.
  Result<void> CheckFiles(const Call& call, const CommitBase& base);
  // Writes the manifest of the added files once; it holds for every attempt.
  Result<std::optional<ManifestFile>> AddedManifest(const Call& call, const CommitBase& base);
  // `next` gets a snapshot of `lines`; its list is written.
  struct SnapshotPlan {
    TableMetadata metadata;
    std::vector<ManifestFile> lines;
    SummaryBuilder summary;
    std::string operation;
    std::vector<std::string> written;
  };
  Result<CommitDraft> Finish(const Call& call, const CommitBase& base, SnapshotPlan plan);

  ObjectStore& store_;
  const std::vector<DataFile>& files_;
  const CommitOptions& options_;
  int64_t snapshot_id_ = 0;
  std::string commit_uuid_;
  int manifests_written_ = 0;

 private:
  bool checked_ = false;
  std::optional<ManifestFile> added_;
};

class AppendChange : public SnapshotChange {
 public:
  using SnapshotChange::SnapshotChange;
  Result<CommitDraft> operator()(const Call& call, const CommitBase& base);
};

// `files` stand for all rows; `schema`, if any, becomes current.
class ReplaceAllChange : public SnapshotChange {
 public:
  ReplaceAllChange(ObjectStore& store, const std::vector<DataFile>& files,
                   const record::Schema* schema, const CommitOptions& options)
      : SnapshotChange(store, files, options), schema_(schema) {}
  Result<CommitDraft> operator()(const Call& call, const CommitBase& base);

 private:
  Result<void> CheckForeignRows(const CommitBase& base);
  Result<void> AddDeletedManifests(const Call& call, const CommitBase& base, SnapshotPlan& plan);

  const record::Schema* schema_;
  std::optional<int64_t> since_;
};

// Metadata only.
[[nodiscard]] Result<CommitDraft> EvolveSchemaChange(const Call& call, const CommitBase& base,
                                                     const record::Schema& schema);
[[nodiscard]] Result<CommitDraft> SetPropertiesChange(
    const Call& call, const CommitBase& base,
    const std::map<std::string, std::optional<std::string>>& changes);

// Milliseconds of the wall clock, but never before `not_before_ms`: logs stay in order when the
// clock is set back.
[[nodiscard]] int64_t CommitTimeMs(const Call& call, int64_t not_before_ms);

}  // namespace firn::lake
