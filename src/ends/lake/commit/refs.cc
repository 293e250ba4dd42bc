// Branches and tags.
#include "core/base/nearest.h"
#include "ends/lake/commit/changes.h"
#include "ends/lake/table_io.h"

namespace firn::lake {
namespace {

Error NoRef(const CommitBase& base, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& [known, ref] : base.metadata->refs) names.push_back(known);
  return Error(Kind::kNotFound, "LAKE-REF-001",
               "table `" + base.ident.Text() + "` has no branch or tag `" + name + "`" +
                   DidYouMean(name, names));
}

Error BadRef(const CommitBase& base, const std::string& name, Kind kind, std::string why) {
  return Error(kind, "LAKE-REF-002",
               "`" + name + "` of table `" + base.ident.Text() + "` cannot be changed this way")
      .Because(std::move(why));
}

// Main is in step with the current snapshot: whoever moves it makes another state current.
void MoveMain(TableMetadata& metadata, const Snapshot& snapshot, int64_t now_ms) {
  if (metadata.current_snapshot_id == snapshot.snapshot_id) return;
  metadata.current_snapshot_id = snapshot.snapshot_id;
  metadata.snapshot_log.push_back({now_ms, snapshot.snapshot_id});
}

}  // namespace

Result<CommitDraft> SetRefChange(const Call& call, const CommitBase& base, const std::string& name,
                                 const std::optional<RefOptions>& ref) {
  FIRN_CHECK(CheckWritable(base));
  CommitDraft draft;
  draft.metadata = *base.metadata;
  TableMetadata& metadata = draft.metadata;
  metadata.last_updated_ms = CommitTimeMs(call, metadata.last_updated_ms);
  const auto present = metadata.refs.find(name);
  if (!ref) {
    if (present == metadata.refs.end()) return Fail(NoRef(base, name));
    if (name == kMainBranch)
      return Fail(BadRef(base, name, Kind::kBadInput, "every table has its main branch"));
    metadata.refs.erase(present);
    return draft;
  }
  const std::string type = ref->kind == RefOptions::Kind::kTag ? "tag" : "branch";
  if (name.empty() || (name == kMainBranch && type == "tag"))
    return Fail(BadRef(base, name, Kind::kBadInput, "it cannot be the name of a tag"));
  if (present != metadata.refs.end() && present->second.type != type)
    return Fail(BadRef(base, name, Kind::kConflict,
                       "there is a " + present->second.type + " of that name"));
  const Table table(base.ident, base.metadata, base.metadata_location, nullptr);
  FIRN_TRY(const Snapshot* snapshot, SnapshotOf(table, ref->snapshot));
  if (snapshot == nullptr)
    return Fail(BadRef(base, name, Kind::kNotFound, "the table has no snapshot yet"));
  SnapshotRef made;
  made.snapshot_id = snapshot->snapshot_id;
  made.type = type;
  made.min_snapshots_to_keep = ref->min_snapshots_to_keep;
  made.max_snapshot_age_ms = ref->max_snapshot_age_ms;
  made.max_ref_age_ms = ref->max_ref_age_ms;
  metadata.refs[name] = made;
  if (name == kMainBranch) MoveMain(metadata, *snapshot, metadata.last_updated_ms);
  draft.main_moved = name == kMainBranch;
  return draft;
}

}  // namespace firn::lake
