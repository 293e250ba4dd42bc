#include <algorithm>

#include "core/base/log.h"
#include "ends/lake/commit/changes.h"
#include "ends/lake/commit/foreign_changes.h"
#include "ends/lake/internal/position_deletes.h"

namespace firn::lake {
namespace {

using internal::kFilePathId;

// Data files whose rows the delta takes out.
std::set<std::string> Touched(const RowDelta& delta) {
  std::set<std::string> paths;
  for (const DataFile& file : delta.added_deletes) {
    if (file.referenced_data_file) paths.insert(*file.referenced_data_file);
  }
  for (const DataFile& file : delta.removed_rows) paths.insert(file.path);
  return paths;
}

// Whether a delete file of others may hold rows of one of `paths`.
bool Concerns(const DataFile& deletes, const std::set<std::string>& paths) {
  if (paths.empty()) return false;
  if (deletes.content == DataFile::Content::kEqualityDeletes) return true;
  if (deletes.referenced_data_file) return paths.contains(*deletes.referenced_data_file);
  const auto lower = deletes.lower_bounds.find(kFilePathId);
  const auto upper = deletes.upper_bounds.find(kFilePathId);
  // Bounds may be truncated: a prefix of the path is within them.
  return std::any_of(paths.begin(), paths.end(), [&](const std::string& path) {
    if (lower != deletes.lower_bounds.end() && path < lower->second) return false;
    return upper == deletes.upper_bounds.end() || path <= upper->second ||
           path.starts_with(upper->second);
  });
}

// Why the delta does not hold on top of what others did; empty: it does.
std::string WhyNot(const RowDelta& delta, const ForeignChanges& foreign, bool others_rows) {
  if (foreign.lost_track) return "the state it was worked out on is not in the history any more";
  const std::set<std::string> touched = Touched(delta);
  for (const std::string& path : touched) {
    if (foreign.removed_rows.contains(path)) return "`" + path + "` was removed";
  }
  for (const DataFile& file : delta.removed_deletes) {
    if (foreign.removed_deletes.contains(FileKey(file)))
      return "the delete file `" + file.path + "` was replaced";
  }
  for (const DataFile& file : foreign.added_deletes) {
    if (Concerns(file, touched)) return "`" + file.path + "` takes rows out of the same data files";
  }
  if (others_rows && !foreign.added_rows.empty())
    return "`" + foreign.added_rows.front().path + "` with new rows was added";
  return {};
}

std::string OperationOf(const RowDelta& delta) {
  const bool rows = !delta.added_rows.empty();
  const bool takes_out =
      !delta.added_deletes.empty() || !delta.removed_rows.empty() || !delta.removed_deletes.empty();
  if (!takes_out) return "append";
  return rows ? "overwrite" : "delete";
}

}  // namespace

Result<void> RowDeltaChange::CatchUp(const Call& call, const CommitBase& base) {
  const Snapshot* head = Head(base);
  const int64_t now = head != nullptr ? head->snapshot_id : -1;
  if (!since_) since_ = now;
  if (*since_ == now) return {};
  if (resolve_ != nullptr) {
    FIRN_TRY(RowDelta next,
             resolve_(call, Table(base.ident, base.metadata, base.metadata_location, store_)));
    RemoveUnused(call, next);
    ForgetAdded(call);
    delta_ = std::move(next);
    since_ = now;
    return {};
  }
  FIRN_TRY(const ForeignChanges foreign,
           ChangesSince(call, *store_, *base.entries, *base.metadata, head, *since_));
  std::string why = WhyNot(delta_, foreign, others_rows_conflict_);
  if (why.empty()) return {};
  return Fail(
      Error(Kind::kConflict, "LAKE-COMMIT-006",
            "others changed the rows that the commit to `" + base.ident.Text() + "` is about")
          .Because(std::move(why))
          .Hint("work it out again on the newest state"));
}

void RowDeltaChange::RemoveUnused(const Call& call, const RowDelta& next) {
  std::set<std::string> used;
  for (const DataFile& file : next.added_rows) used.insert(file.path);
  for (const DataFile& file : next.added_deletes) used.insert(file.path);
  for (const auto* files : {&delta_.added_rows, &delta_.added_deletes}) {
    for (const DataFile& file : *files) {
      if (!used.insert(file.path).second) continue;
      if (auto removed = store_->Remove(call, file.path); !removed)
        log::Warn("lake.file_not_removed",
                  {{"uri", file.path}, {"error", removed.error().OneLine()}});
    }
  }
}

Result<CommitDraft> RowDeltaChange::operator()(const Call& call, const CommitBase& base) {
  FIRN_CHECK(Begin(call, base));
  FIRN_CHECK(CatchUp(call, base));
  for (const auto& [key, value] : delta_.summary) options_.summary[key] = value;
  std::vector<DataFile> added = delta_.added_rows;
  added.insert(added.end(), delta_.added_deletes.begin(), delta_.added_deletes.end());
  FIRN_CHECK(CheckAdded(call, base, added));
  std::vector<DataFile> removed = delta_.removed_rows;
  removed.insert(removed.end(), delta_.removed_deletes.begin(), delta_.removed_deletes.end());
  SnapshotPlan plan;
  plan.metadata = *base.metadata;
  plan.operation = rewrite_ ? "replace" : OperationOf(delta_);
  FIRN_CHECK(KeepLines(call, base, removed, plan));
  FIRN_CHECK(AddManifests(call, base, added, plan));
  return Finish(call, base, std::move(plan));
}

}  // namespace firn::lake
