// SnapshotChange: what all changes that make a snapshot share: checks of the added files,
// manifests, the manifest list, the summary. Used by the changes; not thread-safe, one object a
// commit.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ends/lake/commit/commit.h"
#include "ends/lake/format/snapshot_summary.h"
#include "ends/lake/maintain/expiry.h"

namespace firn::lake {

// A snapshot in the making.
struct SnapshotPlan {
  TableMetadata metadata;
  std::vector<ManifestFile> lines;
  SummaryBuilder summary;
  std::string operation;
  std::vector<std::string> written;     // files that only this attempt needs
  std::vector<std::string> superseded;  // own files that the snapshot does not need after all
};

class SnapshotChange {
 public:
  SnapshotChange(std::shared_ptr<ObjectStore> store, CommitOptions options)
      : store_(std::move(store)), options_(std::move(options)) {}

  // Removes what was kept for a next attempt. For commits that certainly did not become true.
  void Discard(const Call& call);

 protected:
  // Checks that the table is one we may write; chooses the snapshot's id once.
  Result<void> Begin(const Call& call, const CommitBase& base);
  // Each file is there in its stated size, of a spec of the table, and named once. Their names are
  // durable afterwards.
  Result<void> CheckAdded(const Call& call, const CommitBase& base,
                          const std::vector<DataFile>& files);
  // Writes manifests of added files, one for each spec and content. They hold for every attempt.
  Result<void> AddManifests(const Call& call, const CommitBase& base,
                            const std::vector<DataFile>& files, SnapshotPlan& plan);
  // Added manifests are of no use any more: the files are others now.
  void ForgetAdded(const Call& call);
  // The lines of the branch's newest state that hold anything live, `without` taken out: those
  // lines are written anew. Errors: Conflict (LAKE-COMMIT-006) when one of them is not live.
  Result<void> KeepLines(const Call& call, const CommitBase& base,
                         const std::vector<DataFile>& without, SnapshotPlan& plan);
  // Marks every live file of the branch as removed.
  Result<void> RemoveAll(const Call& call, const CommitBase& base, SnapshotPlan& plan);
  // All lines that are together below the target size become one.
  Result<void> MergeAll(const Call& call, const CommitBase& base, SnapshotPlan& plan);
  // The snapshot of the plan's lines; its list is written. Small manifests are put together.
  Result<CommitDraft> Finish(const Call& call, const CommitBase& base, SnapshotPlan plan);

  // The newest snapshot of the branch that is written; nullptr for an empty table.
  const Snapshot* Head(const CommitBase& base) const;
  Result<Manifests> HeadManifests(const Call& call, const CommitBase& base) const;
  // Writes `writer`'s entries as a manifest of this attempt. Its path goes to `written`.
  Result<ManifestFile> WriteManifest(const Call& call, const CommitBase& base,
                                     ManifestWriter& writer, std::vector<std::string>& written);
  Result<ManifestWriter> NewManifest(const Call& call, const CommitBase& base, int spec_id,
                                     ManifestFile::Content content) const;

  std::shared_ptr<ObjectStore> store_;
  CommitOptions options_;
  int64_t snapshot_id_ = 0;
  std::optional<ExpiryRules> rules_;  // nothing: those of the table

 private:
  Result<void> TakeOut(const Call& call, const CommitBase& base, const ManifestFile& line,
                       std::set<std::string>& keys, SnapshotPlan& plan);
  Result<void> MergeSmall(const Call& call, const CommitBase& base, SnapshotPlan& plan);
  Result<void> MergeGroups(const Call& call, const CommitBase& base,
                           const std::vector<std::vector<ManifestFile>>& groups,
                           SnapshotPlan& plan);
  Result<ManifestFile> MergeLines(const Call& call, const CommitBase& base,
                                  const std::vector<ManifestFile>& lines, SnapshotPlan& plan);
  // Old snapshots, as the rules say; what only they know of consumers goes to the new one.
  void LetGo(const ExpiryRules& rules, CommitDraft& draft) const;
  void AddManifestPath(ManifestFile& line, const CommitBase& base);

  std::string commit_uuid_;
  int manifests_written_ = 0;
  std::set<std::string> checked_;
  std::vector<ManifestFile> added_;
  bool added_written_ = false;
};

// Milliseconds of the wall clock, but never before `not_before_ms`: logs stay in order when the
// clock is set back.
[[nodiscard]] int64_t CommitTimeMs(const Call& call, int64_t not_before_ms);

// The lines as MergeAll groups them: those of one group become one manifest.
[[nodiscard]] std::vector<std::vector<ManifestFile>> LinesTogether(
    const TableMetadata& metadata, const std::vector<ManifestFile>& lines);
// How many manifests the current snapshot would have. Errors: Corrupt naming the list.
[[nodiscard]] Result<int64_t> ManifestsTogether(const Call& call, const Table& table);

// Errors: Unsupported (LAKE-COMMIT-005) for tables of a version that is not written.
[[nodiscard]] Result<void> CheckWritable(const CommitBase& base);

}  // namespace firn::lake
