#include "patterns/events/lake/table.h"

#include <algorithm>

#include "core/base/encoding.h"
#include "core/base/fault_point.h"
#include "core/base/log.h"
#include "core/base/time_text.h"
#include "patterns/events/change/record_id.h"
#include "patterns/events/lake/layout.h"

namespace firn::events {
namespace {

constexpr int64_t kRowsPerFeed = 4'096;
constexpr size_t kBytesPerFeed = 8U << 20;
constexpr size_t kIdsPerDelete = 4'096;
constexpr const char* kWatermark = "firn.watermark";

}  // namespace

Result<std::unique_ptr<LakeTable>> LakeTable::Open(const Call& call, const LakeParts& parts,
                                                   const FollowedTable& followed) {
  std::unique_ptr<LakeTable> table(new LakeTable(parts, followed));
  FIRN_CHECK(table->Describe(call));
  FIRN_CHECK(table->LearnNameOrder(call));
  FIRN_CHECK(table->OpenMerger(call));
  const auto mark = lake::CheckpointsOf(table->merger_->table());
  for (const auto& [consumer, text] : mark) {
    if (!consumer.starts_with("cdc:")) continue;
    if (const auto parsed = ParseMark(text)) {
      table->counts_.event_ms = std::max(table->counts_.event_ms, parsed->event_ms);
    }
  }
  return table;
}

// The describe of now, and the table's schema brought up to it.
Result<void> LakeTable::Describe(const Call& call) {
  auto loaded = parts_.lake->Load(followed_.table);
  if (!loaded && loaded.error().kind() == Kind::kNotFound) {
    return Fail(Error(Kind::kNotFound, "EVENT-TABLE-001",
                      "there is no table `" + followed_.table.Text() + "` to follow `" +
                          followed_.object + "`")
                    .Because("change events tell changes, not the records that are there already")
                    .Hint("export it first: `firn export run " + followed_.object + "`"));
  }
  if (!loaded) return Fail(std::move(loaded).error());
  FIRN_TRY(auto described, parts_.rest->Describe(call, followed_.object));
  describe_ = std::move(described.json);
  stamp_field_ = StampFieldOf(describe_);
  const LayoutWish wish{followed_.include, followed_.exclude, parts_.api_version,
                        parts_.key_prefixes, stamp_field_};
  FIRN_TRY(auto layout, FollowedLayout(describe_, wish, *loaded));
  if (MergedSchema(loaded->schema(), layout.schema).fields == loaded->schema().fields) {
    layout_ = std::make_shared<const record::Layout>(std::move(layout));
    return {};
  }
  FIRN_CHECK(RefuseNearMiss(describe_, followed_.exclude, loaded->schema(), layout));
  const auto derive = [&](const lake::Table& table) -> Result<record::Schema> {
    FIRN_TRY(const auto derived, FollowedLayout(describe_, wish, table));
    return MergedSchema(table.schema(), derived.schema);
  };
  FIRN_TRY(const auto now, parts_.lake->EvolveSchema(call, followed_.table, derive));
  // With the ids that the table has now.
  FIRN_TRY(layout, FollowedLayout(describe_, wish, now));
  layout_ = std::make_shared<const record::Layout>(std::move(layout));
  return {};
}

Result<void> LakeTable::LearnNameOrder(const Call& call) {
  if (!HasPersonNames(*layout_, describe_)) return {};
  FIRN_TRY(name_order_, Doing(AskNameOrder(call, *parts_.rest, followed_.object),
                              "looking how names are written in " + followed_.object));
  return {};
}

Result<void> LakeTable::OpenMerger(const Call& call) {
  lake::MergeOptions options;
  options.table = followed_.table;
  options.deletes = followed_.soft_deletes ? lake::MergeOptions::Deletes::kSoft
                                           : lake::MergeOptions::Deletes::kHard;
  if (followed_.changelog) options.changelog = lake::MergeOptions::Changelog::kOn;
  options.following =
      FollowingColumns(*layout_, describe_, name_order_.value_or(NameOrder::kWestern));
  if (merger_ != nullptr) FIRN_CHECK(merger_->SaveIndex(call));
  merger_.reset();
  FIRN_TRY(merger_, lake::Merger::Open(call, *parts_.lake, options));
  whole_.reset();
  partial_.reset();
  page_layout_ = layout_;
  FIRN_TRY(whole_, RowPage::New(*page_layout_));
  FIRN_TRY(partial_, RowPage::New(*page_layout_));
  maps_.clear();
  whole_map_ = nullptr;
  return {};
}

std::optional<TableMark> LakeTable::Mark(const std::string& topic) const {
  const auto text = lake::CheckpointOf(merger_->table(), ConsumerOfTopic(topic));
  return text ? ParseMark(*text) : std::nullopt;
}

std::optional<UtcMicros> LakeTable::ExportedUntil() const {
  std::optional<UtcMicros> until;
  for (const lake::SnapshotInfo& snapshot : merger_->table().history()) {
    const auto found = snapshot.summary.find(kWatermark);
    if (found == snapshot.summary.end()) continue;
    if (const auto time = ParseInstant(found->second)) until = *time;
  }
  return until;
}

Result<const FieldMap*> LakeTable::MapOf(const Call& call, const TableEvent& event) {
  const auto known = maps_.find(event.schema_id);
  if (known != maps_.end()) return &known->second;
  // A schema that was not seen before: the object may have fields that the table lacks. What waits
  // was written for the layout of before.
  const auto unknown = [&](const PlanField& field) {
    return field.parent.empty() && !field.compound && layout_->ColumnIndex(field.name) < 0;
  };
  const auto& fields = event.plan.fields();
  if (std::any_of(fields.begin(), fields.end(), unknown)) FIRN_CHECK(LookForFields(call));
  const NameOrder order = name_order_.value_or(NameOrder::kWestern);
  return &maps_.emplace(event.schema_id, MapFields(event.plan, *layout_, order)).first->second;
}

Result<void> LakeTable::LookForFields(const Call& call) {
  FIRN_CHECK(Feed());
  const auto before = layout_;
  FIRN_CHECK(Describe(call));
  if (layout_->schema.fields == before->schema.fields) {
    layout_ = before;
    return {};
  }
  if (merger_->changes_waiting() > 0) {
    // They are held by the merger of the old schema.
    layout_ = before;
    return Fail(Error(Kind::kConflict, "EVENT-TABLE-002",
                      "table `" + followed_.table.Text() + "` got new columns")
                    .RetryWithBackoff());
  }
  log::Info("events.schema_evolved", {{"table", followed_.table.Text()}});
  return OpenMerger(call);
}

void LakeTable::RereadSince(UtcMicros since) {
  reread_since_ = reread_since_ ? std::min(*reread_since_, since) : since;
}

Result<void> LakeTable::Take(const Call& call, const TableEvent& event) {
  if (!skip_until_.empty()) {
    ++counts_.skipped;
    if (event.replay_id == skip_until_) skip_until_.clear();
    return {};
  }
  const ChangeRecord& record = event.record;
  if (record.commit_timestamp_ms < skip_before_ms_) {
    ++counts_.skipped;
    return {};
  }
  FIRN_TRY(const NamedRecords named, RecordsNamedBy(record));
  for (const std::string& id : named.ids) FIRN_CHECK(TakeRecord(call, event, id));
  if (named.all) {
    RereadSince(UtcMicros{});  // their stamps need not have moved
  } else if (record.type == ChangeType::kGapOverflow || (IsGap(record.type) && named.ids.empty())) {
    RereadSince(UtcMicros(std::chrono::milliseconds(record.commit_timestamp_ms)));
  }
  ++counts_.events;
  ++events_waiting_;
  last_ = event.replay_id;
  counts_.event_ms = std::max(counts_.event_ms, record.commit_timestamp_ms);
  return {};
}

Result<void> LakeTable::TakeRecord(const Call& call, const TableEvent& event,
                                   const std::string& id) {
  const ChangeRecord& record = event.record;
  if (commits_.IsLate(id, record.commit_number)) {
    reread_.insert(id);
    waiting_.insert(id);
    return {};
  }
  switch (record.type) {
    case ChangeType::kCreate:
    case ChangeType::kUndelete:
    case ChangeType::kSnapshot: {
      FIRN_TRY(const FieldMap* map, MapOf(call, event));
      FIRN_CHECK(Choose(Lane::kWhole, id));
      if (whole_map_ != nullptr && whole_map_ != map) FIRN_CHECK(Feed());
      whole_map_ = map;
      lanes_[id] = Lane::kWhole;
      whole_->Add(*map, record, id, {}, nullptr);
      break;
    }
    case ChangeType::kUpdate: {
      FIRN_TRY(const FieldMap* map, MapOf(call, event));
      FIRN_CHECK(TakePartial(call, event, *map, id));
      break;
    }
    case ChangeType::kDelete:
    case ChangeType::kGapDelete:
      FIRN_CHECK(Choose(Lane::kDelete, id));
      lanes_[id] = Lane::kDelete;
      reread_.erase(id);
      deletes_.push_back(id);
      deleted_at_us_.push_back(record.commit_timestamp_ms * 1000);
      break;
    default:
      reread_.insert(id);
  }
  waiting_.insert(id);
  const bool full = whole_->rows() + partial_->rows() >= kRowsPerFeed ||
                    whole_->bytes() + partial_->bytes() >= kBytesPerFeed ||
                    deletes_.size() >= kIdsPerDelete;
  return full ? Feed() : Result<void>();
}

Result<void> LakeTable::TakePartial(const Call& call, const TableEvent& event, const FieldMap& map,
                                    const std::string& id) {
  PatchedTexts patched;
  FIRN_TRY(const bool fits, Patch(call, event, map, id, patched));
  if (!fits) {
    reread_.insert(id);
    return {};
  }
  FIRN_CHECK(Choose(Lane::kPartial, id));
  lanes_[id] = Lane::kPartial;
  partial_->Add(map, event.record, id, patched, &changed_.emplace_back());
  return {};
}

Result<void> LakeTable::Choose(Lane lane, const std::string& id) {
  const auto waiting = lanes_.find(id);
  return waiting == lanes_.end() || waiting->second == lane ? Result<void>() : Feed();
}

Result<void> LakeTable::Feed() {
  FIRN_CHECK(FeedWhole());
  FIRN_CHECK(FeedPartial());
  FIRN_CHECK(FeedDeletes());
  lanes_.clear();
  return {};
}

void LakeTable::NoteRejected(const RowPage::Decoded& decoded) {
  for (const auto& rejected : decoded.rejected) {
    log::Warn("events.value_rejected", {{"table", followed_.table.Text()},
                                        {"field", rejected.field},
                                        {"reason", rejected.reason}});
    if (const auto id = CanonicalId(rejected.id)) reread_.insert(*id);
  }
}

Result<void> LakeTable::Settle(const Call& call, const TableCommit& commit) {
  if (!HasWork()) return {};
  lease_epoch_ = commit.lease_epoch;
  FIRN_CHECK(Feed());
  FIRN_CHECK(Repair(call));
  FIRN_CHECK(RereadPending(call));
  TableMark mark = commit.mark;
  mark.last = last_;
  mark.event_ms = counts_.event_ms;
  const auto before = Mark(commit.topic);
  mark.events = (before ? before->events : 0) + events_waiting_;
  lake::MergeCommit merge;
  if (!last_.empty()) merge.checkpoints[ConsumerOfTopic(commit.topic)] = MarkText(mark);
  merge.source = {ConsumerOfTopic(commit.topic), Base64(mark.last)};
  merge.lease_epoch = commit.lease_epoch;
  merge.summary["firn.events"] = std::to_string(events_waiting_);
  FIRN_FAULT_POINT("events.table.before_commit");
  FIRN_TRY(const auto report, merger_->Commit(call, merge));
  FIRN_FAULT_POINT("events.table.committed");
  counts_.rows += report.rows_inserted + report.rows_updated + report.rows_deleted;
  ++counts_.commits;
  last_.clear();
  events_waiting_ = 0;
  waiting_.clear();
  return {};
}

}  // namespace firn::events
