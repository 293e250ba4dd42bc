// LakeTable: from the lanes into the merger, and what has to be read from the org.
#include <arrow/array/array_binary.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>

#include "core/base/log.h"
#include "core/record/arrow_schema.h"
#include "patterns/events/change/diff.h"
#include "patterns/events/lake/table.h"

namespace firn::events {
namespace {

using Batch = std::shared_ptr<arrow::RecordBatch>;

// Only the columns in `fields`: what an event does not tell stays as it is.
Batch Select(const Batch& batch, const std::vector<int>& fields) {
  std::vector<std::shared_ptr<arrow::Field>> schema;
  arrow::ArrayVector columns;
  for (const int field : fields) {
    schema.push_back(batch->schema()->field(field));
    columns.push_back(batch->column(field));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(schema)), batch->num_rows(),
                                  std::move(columns));
}

constexpr int64_t kRereadBytesMax = 64LL << 20;
// Records that are never whole at once stop the stream rather than loop.
constexpr int kPendingRoundsMax = 3;

}  // namespace

Result<void> LakeTable::FeedWhole() {
  if (whole_->rows() == 0) return {};
  FIRN_TRY(const auto decoded, whole_->Take());
  NoteRejected(decoded);
  const FieldMap* const map = std::exchange(whole_map_, nullptr);
  if (decoded.batch == nullptr) return {};
  return merger_->Upsert(Select(decoded.batch, map->told),
                         {.orders = {}, .absent = lake::UpsertOptions::Absent::kKeep});
}

Result<void> LakeTable::FeedPartial() {
  if (partial_->rows() == 0) return {};
  FIRN_TRY(const auto decoded, partial_->Take());
  const auto changed = std::exchange(changed_, {});
  NoteRejected(decoded);
  if (decoded.batch == nullptr) return {};
  lake::UpdateOptions options;
  options.changed.offsets.push_back(0);
  for (const uint32_t row : decoded.kept) {
    options.changed.columns.insert(options.changed.columns.end(), changed[row].begin(),
                                   changed[row].end());
    options.changed.offsets.push_back(static_cast<uint32_t>(options.changed.columns.size()));
  }
  return merger_->Update(decoded.batch, options);
}

Result<void> LakeTable::FeedDeletes() {
  for (size_t from = 0; from < deletes_.size();) {
    // In soft mode each row carries its own time.
    size_t to = from + 1;
    while (to < deletes_.size() &&
           (!followed_.soft_deletes || deleted_at_us_[to] == deleted_at_us_[from])) {
      ++to;
    }
    FIRN_CHECK(merger_->Delete(std::span<const std::string>(&deletes_[from], to - from),
                               {.orders = {}, .deleted_at_us = deleted_at_us_[from]}));
    from = to;
  }
  deletes_.clear();
  deleted_at_us_.clear();
  return {};
}

Result<bool> LakeTable::Patch(const Call& call, const TableEvent& event, const FieldMap& map,
                              const std::string& id, PatchedTexts& patched) {
  std::vector<std::pair<int, std::string_view>> diffs;
  for (size_t i = 0; i < event.record.touched.size(); ++i) {
    if (event.record.touched[i] != Touch::kDiff || map.column[i] < 0) continue;
    diffs.emplace_back(map.column[i], event.record.cells[i].text);
  }
  if (diffs.empty()) return true;
  // A difference is put onto the text of now: one that waits is not in the table yet, and a record
  // that will be read again has it then.
  if (waiting_.contains(id) || reread_.contains(id)) return false;
  FIRN_TRY(const auto current, merger_->Current(call, std::span<const std::string>(&id, 1)));
  if (current.at[0] < 0) return false;
  for (const auto& [column, diff] : diffs) {
    const auto& source = layout_->columns[static_cast<size_t>(column)];
    const auto& field = layout_->schema.fields[static_cast<size_t>(source.field_index)];
    const auto values = current.rows->GetColumnByName(field.name);
    if (values == nullptr || values->type_id() != arrow::Type::STRING) return false;
    const auto& texts = static_cast<const arrow::StringArray&>(*values);
    if (texts.IsNull(current.at[0])) return false;
    auto text = ApplyDiff(texts.GetView(current.at[0]), diff);
    if (!text) return false;
    patched.emplace_back(column, *std::move(text));
  }
  return true;
}

Result<void> LakeTable::TakeRepair(const Call& call, RepairedRows repaired,
                                   std::set<std::string>* missing) {
  counts_.reread += static_cast<int64_t>(repaired.rows.kept.size() + repaired.deleted.size());
  counts_.rejected += static_cast<int64_t>(repaired.rows.rejected.size());
  for (const auto& rejected : repaired.rows.rejected) {
    log::Warn("events.row_rejected", {{"table", followed_.table.Text()},
                                      {"field", rejected.field},
                                      {"reason", rejected.reason}});
    if (missing != nullptr) missing->erase(rejected.id);
  }
  if (repaired.rows.batch != nullptr) {
    const auto ids = repaired.rows.batch->GetColumnByName("Id");
    const auto& texts = static_cast<const arrow::StringArray&>(*ids);
    for (int64_t row = 0; row < texts.length() && missing != nullptr; ++row) {
      missing->erase(texts.GetString(row));
    }
    FIRN_CHECK(merger_->Upsert(repaired.rows.batch,
                               {.orders = {}, .absent = lake::UpsertOptions::Absent::kKeep}));
  }
  if (!repaired.deleted.empty()) FIRN_CHECK(merger_->Delete(repaired.deleted, {}));
  return merger_->bytes_waiting() < kRereadBytesMax ? Result<void>() : CommitSome(call);
}

// Without a mark: after a crash the events come again, and what they lack is read again.
Result<void> LakeTable::CommitSome(const Call& call) {
  lake::MergeCommit merge;
  merge.lease_epoch = lease_epoch_;
  merge.pending = lake::MergeCommit::Pending::kLeave;
  FIRN_TRY(const auto report, merger_->Commit(call, merge));
  counts_.rows += report.rows_inserted + report.rows_updated + report.rows_deleted;
  ++counts_.commits;
  return {};
}

Result<void> LakeTable::Repair(const Call& call) {
  const RepairQuery query{*page_layout_, stamp_field_};
  if (reread_since_) {
    const UtcMicros since = *reread_since_;
    FIRN_CHECK(ReadSince(call, *parts_.rest, query, since, [&](RepairedRows rows) {
      return TakeRepair(call, std::move(rows), nullptr);
    }));
    reread_since_.reset();
  }
  if (reread_.empty()) return {};
  std::set<std::string> missing = std::exchange(reread_, {});
  const std::vector<std::string> ids(missing.begin(), missing.end());
  FIRN_CHECK(ReadByIds(call, *parts_.rest, query, ids, [&](RepairedRows rows) {
    return TakeRepair(call, std::move(rows), &missing);
  }));
  // What is not there any more is deleted; its own event comes, or came, as well.
  const std::vector<std::string> gone(missing.begin(), missing.end());
  return gone.empty() ? Result<void>() : merger_->Delete(gone, {});
}

Result<void> LakeTable::RereadPending(const Call& call) {
  for (int round = 0; round < kPendingRoundsMax; ++round) {
    FIRN_TRY(const auto pending, merger_->Pending(call));
    if (pending.empty()) return {};
    reread_.insert(pending.begin(), pending.end());
    FIRN_CHECK(Repair(call));
  }
  return {};
}

}  // namespace firn::events
