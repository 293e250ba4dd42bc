// Commits of maintenance: manifests written together, snapshots let go.
#include <map>

#include "ends/lake/commit/changes.h"
#include "ends/lake/table_io.h"

namespace firn::lake {

Result<CommitDraft> RewriteManifestsChange::operator()(const Call& call, const CommitBase& base) {
  CommitDraft draft;
  if (base.metadata->current_snapshot() == nullptr) {
    draft.unchanged = true;
    return draft;
  }
  FIRN_CHECK(Begin(call, base));
  SnapshotPlan plan;
  plan.metadata = *base.metadata;
  plan.operation = "replace";
  FIRN_CHECK(KeepLines(call, base, {}, plan));
  // Manifests in which nothing is live are dropped on the way.
  const size_t before = base.manifests->size();
  FIRN_CHECK(MergeAll(call, base, plan));
  if (plan.written.empty() && plan.lines.size() == before) {
    draft.unchanged = true;
    return draft;
  }
  options_.summary["manifests-created"] = std::to_string(plan.written.size());
  options_.summary["manifests-kept"] = std::to_string(plan.lines.size() - plan.written.size());
  options_.summary["manifests-replaced"] =
      std::to_string(before + plan.written.size() - plan.lines.size());
  return Finish(call, base, std::move(plan));
}

Result<CommitDraft> ExpireChange::operator()(const Call& call, const CommitBase& base) {
  FIRN_CHECK(CheckWritable(base));
  CommitDraft draft;
  draft.metadata = *base.metadata;
  draft.expired = Expired(draft.metadata, *rules_);
  if (draft.expired.empty() && draft.metadata.refs.size() == base.metadata->refs.size()) {
    draft.unchanged = true;
    return draft;
  }
  if (CarriedOver(draft.metadata, draft.expired).empty()) {
    RemoveSnapshots(draft.metadata, draft.expired);
    draft.metadata.last_updated_ms = CommitTimeMs(call, draft.metadata.last_updated_ms);
    return draft;
  }
  // What only an expired snapshot knows of consumers goes into a new one, which Finish sees to.
  FIRN_CHECK(Begin(call, base));
  SnapshotPlan plan;
  plan.metadata = *base.metadata;
  plan.operation = "append";
  FIRN_CHECK(KeepLines(call, base, {}, plan));
  return Finish(call, base, std::move(plan));
}

Result<int64_t> ManifestsTogether(const Call& call, const Table& table) {
  FIRN_TRY(const Snapshot* snapshot, SnapshotOf(table, {}));
  if (snapshot == nullptr) return 0;
  FIRN_TRY(const auto lines, LoadManifests(call, *table.store(), *snapshot));
  return static_cast<int64_t>(LinesTogether(table.metadata(), lines).size());
}

}  // namespace firn::lake
