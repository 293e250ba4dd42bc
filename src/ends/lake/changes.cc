#include "ends/lake/changes.h"

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
    snapshot = snapshot->parent_id ? metadata.FindSnapshot(*snapshot->parent_id) : nullptr;
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
    FIRN_CHECK(CheckEvolution(plan.metadata.current_schema().schema, *schema_,
                              {plan.metadata.last_column_id, true}));
    SetCurrentSchema(plan.metadata, *schema_);
  }
  FIRN_CHECK(RemoveAll(call, base, plan));
  FIRN_CHECK(AddManifests(call, base, files_, plan));
  const bool removed = plan.summary.removed_any();
  plan.operation = removed ? (plan.summary.added_any() ? "overwrite" : "delete") : "append";
  return Finish(call, base, std::move(plan));
}

Result<CommitDraft> EvolveSchemaChange(const Call& call, const CommitBase& base,
                                       const record::Schema& schema) {
  FIRN_CHECK(CheckWritable(base));
  CommitDraft draft;
  const record::Schema& present = base.metadata->current_schema().schema;
  if (schema.fields == present.fields &&
      schema.identifier_field_ids == present.identifier_field_ids) {
    draft.unchanged = true;
    return draft;
  }
  FIRN_CHECK(CheckEvolution(present, schema, {base.metadata->last_column_id, false}));
  draft.metadata = *base.metadata;
  SetCurrentSchema(draft.metadata, schema);
  draft.metadata.last_updated_ms = CommitTimeMs(call, draft.metadata.last_updated_ms);
  return draft;
}

Result<CommitDraft> SetPropertiesChange(
    const Call& call, const CommitBase& base,
    const std::map<std::string, std::optional<std::string>>& changes) {
  FIRN_CHECK(CheckWritable(base));
  CommitDraft draft;
  draft.metadata = *base.metadata;
  for (const auto& [key, value] : changes) {
    if (value) {
      draft.metadata.properties[key] = *value;
    } else {
      draft.metadata.properties.erase(key);
    }
  }
  draft.unchanged = draft.metadata.properties == base.metadata->properties;
  draft.metadata.last_updated_ms = CommitTimeMs(call, draft.metadata.last_updated_ms);
  return draft;
}

}  // namespace firn::lake
