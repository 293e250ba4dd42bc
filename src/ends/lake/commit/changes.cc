#include "ends/lake/commit/changes.h"

#include "ends/lake/format/schema_json.h"

namespace firn::lake {

Result<CommitDraft> AppendChange::operator()(const Call& call, const CommitBase& base) {
  FIRN_CHECK(Begin(call, base));
  FIRN_CHECK(CheckAdded(call, base, files_));
  SnapshotPlan plan;
  plan.metadata = *base.metadata;
  plan.operation = "append";
  FIRN_CHECK(KeepLines(call, base, {}, plan));
  FIRN_CHECK(AddManifests(call, base, files_, plan));
  return Finish(call, base, std::move(plan));
}

Result<void> ReplaceAllChange::CheckForeignRows(const CommitBase& base) {
  const TableMetadata& metadata = *base.metadata;
  const Snapshot* snapshot = Head(base);
  if (!since_)
    since_ = options_.since_snapshot.value_or(snapshot != nullptr ? snapshot->snapshot_id : -1);
  while (snapshot != nullptr && snapshot->snapshot_id != *since_) {
    if (snapshot->operation == "append" || snapshot->operation == "overwrite")
      return Fail(Error(Kind::kConflict, "LAKE-COMMIT-003",
                        "rows that others wrote to `" + base.ident.Text() + "` would be lost")
                      .Because("snapshot " + std::to_string(snapshot->snapshot_id) + " (" +
                               snapshot->operation + ") came after the replace began")
                      .Hint("run it again if the new rows are to be replaced too"));
    const bool first = !snapshot->parent_id.has_value();
    snapshot = first ? nullptr : metadata.FindSnapshot(*snapshot->parent_id);
    if (snapshot == nullptr && !(first && *since_ == -1))
      return Fail(Error(Kind::kConflict, "LAKE-COMMIT-003",
                        "rows that others wrote to `" + base.ident.Text() + "` may be lost")
                      .Because("the state that the replace was worked out on is not in the history "
                               "any more, nor what came after it")
                      .Hint("run it again if the rows that are there now are to be replaced"));
  }
  return {};
}

Result<CommitDraft> ReplaceAllChange::operator()(const Call& call, const CommitBase& base) {
  FIRN_CHECK(Begin(call, base));
  FIRN_CHECK(CheckForeignRows(base));
  FIRN_CHECK(CheckAdded(call, base, files_));
  SnapshotPlan plan;
  plan.metadata = *base.metadata;
  if (schema_ != nullptr && schema_->fields != plan.metadata.current_schema().schema.fields) {
    FIRN_CHECK(CheckShape(base, options_.derived_from));
    FIRN_CHECK(CheckEvolution(plan.metadata.current_schema().schema, *schema_,
                              {plan.metadata.last_column_id, true}));
    FIRN_CHECK(CheckVersion(*schema_, plan.metadata.format_version));
    SetCurrentSchema(plan.metadata, *schema_);
  }
  FIRN_CHECK(RemoveAll(call, base, plan));
  FIRN_CHECK(AddManifests(call, base, files_, plan));
  const bool removed = plan.summary.removed_any();
  plan.operation = removed ? (plan.summary.added_any() ? "overwrite" : "delete") : "append";
  return Finish(call, base, std::move(plan));
}

namespace {

// Spec, "Format versioning": a newer version reads what an older one wrote; there is no way back.
Result<void> Upgrade(const Call& call, const CommitBase& base, const std::string& version,
                     TableMetadata& metadata) {
  const int now = metadata.format_version;
  const bool known = version == "2" || version == "3";
  if (!known || version[0] - '0' < now)
    return Fail(Error(Kind::kUnsupported, "LAKE-META-002",
                      "table `" + base.ident.Text() + "` cannot have format version " + version)
                    .Because("it has version " + std::to_string(now) +
                             "; it can be raised to 2 or 3, never lowered"));
  for (const auto& snapshot : metadata.snapshots) {
    if (snapshot->manifest_list.empty())
      return Fail(Error(Kind::kUnsupported, "LAKE-META-002",
                        "table `" + base.ident.Text() + "` cannot be upgraded")
                      .Because("snapshot " + std::to_string(snapshot->snapshot_id) +
                               " has no manifest list, which newer versions need")
                      .Hint("expire that snapshot first"));
  }
  metadata.format_version = version[0] - '0';
  // Version 1 need not have one.
  if (metadata.table_uuid.empty()) metadata.table_uuid = NewUuid(*call.random);
  return {};
}

}  // namespace

Result<CommitDraft> SetPropertiesChange(
    const Call& call, const CommitBase& base,
    const std::map<std::string, std::optional<std::string>>& changes) {
  CommitDraft draft;
  draft.metadata = *base.metadata;
  for (const auto& [key, value] : changes) {
    if (key == kFormatVersion) {
      FIRN_CHECK(Upgrade(call, base, value.value_or(""), draft.metadata));
    } else if (value) {
      draft.metadata.properties[key] = *value;
    } else {
      draft.metadata.properties.erase(key);
    }
  }
  FIRN_CHECK(CheckWritable({base.ident, std::make_shared<const TableMetadata>(draft.metadata),
                            base.metadata_location, base.manifests, base.entries}));
  draft.unchanged = draft.metadata.properties == base.metadata->properties &&
                    draft.metadata.format_version == base.metadata->format_version;
  draft.metadata.last_updated_ms = CommitTimeMs(call, draft.metadata.last_updated_ms);
  return draft;
}

}  // namespace firn::lake
