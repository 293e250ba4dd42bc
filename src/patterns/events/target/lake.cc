// Lake tables: events appended, one snapshot a call. A delivery that comes again because nobody
// knew whether it had arrived is found in the newest snapshots of this target, so that each is
// there once and nothing has to be remembered of those before.
#include <arrow/api.h>

#include <algorithm>
#include <deque>
#include <mutex>
#include <optional>
#include <unordered_set>

#include "core/record/schema.h"
#include "ends/lake/read/row_diff.h"
#include "ends/lake/read/rows.h"
#include "ends/lake/write/append.h"
#include "patterns/events/target/kinds.h"

namespace firn::events {
namespace {

constexpr size_t kEntriesMax = 5000;
constexpr size_t kBytesMax = 32U << 20;
constexpr auto kLinger = std::chrono::seconds(1);
constexpr const char* kKey = "delivery";
constexpr const char* kMark = "firn.events-target";  // whose snapshot it is

record::Schema EventSchema() {
  using record::TypeId;
  record::Schema schema;
  int id = 0;
  const auto add = [&](std::string name, TypeId type, bool required) {
    record::Field field;
    field.id = ++id;
    field.name = std::move(name);
    field.type.id = type;
    field.required = required;
    schema.fields.push_back(std::move(field));
  };
  add("delivery", TypeId::kString, true);
  add("event_id", TypeId::kString, false);
  add("time", TypeId::kTimestamptz, false);
  add("source", TypeId::kString, false);
  add("detail_type", TypeId::kString, false);
  add("record_id", TypeId::kString, false);
  add("input", TypeId::kString, false);
  return schema;
}

Error Broken(const arrow::Status& status) {
  return Error(Kind::kInternal, "EVENT-LAKE-001", "events cannot be laid out as rows")
      .Because(status.ToString());
}

class LakeTarget final : public Target {
 public:
  LakeTarget(lake::Lake* lake, lake::TableIdent ident, int concurrency)
      : lake_(lake),
        ident_(std::move(ident)),
        in_doubt_max_(static_cast<size_t>(std::max(1, concurrency))) {}

  TargetLimits limits() const override { return {kEntriesMax, kBytesMax, true, kLinger}; }

  Result<Outcomes> Deliver(const Call& call, std::span<const TargetEntry> entries) override {
    const std::lock_guard lock(mutex_);
    // The end of a delivery's key is the rule's and target's.
    mark_ = entries.front().key.substr(entries.front().key.rfind('-') + 1);
    if (!table_) FIRN_CHECK(OpenTable(call));
    std::vector<const TargetEntry*> missing;
    for (const TargetEntry& entry : entries) {
      if (!there_.contains(entry.key)) missing.push_back(&entry);
    }
    if (missing.empty()) return Outcomes(entries.size());
    FIRN_TRY(const auto rows, RowsOf(missing));
    lake::CommitOptions options;
    options.summary[kMark] = mark_;
    auto committed = lake::AppendRows(call, *lake_, *table_, rows, options);
    if (committed) {
      table_ = *std::move(committed);
      for (const TargetEntry* entry : missing) Remember(entry->key);
      return Outcomes(entries.size());
    }
    // It may be there all the same: the table is looked at again before the lane's next try.
    table_.reset();
    return Fail(std::move(committed).error());
  }

 private:
  Result<void> OpenTable(const Call& call) {
    auto table = lake_->Load(ident_);
    if (!table && table.error().kind() == Kind::kNotFound) {
      table = lake_->Create(call, ident_, EventSchema(), {});
      if (!table && table.error().kind() == Kind::kConflict) table = lake_->Load(ident_);
    }
    if (!table) return Fail(std::move(table).error());
    FIRN_CHECK(LearnNewest(call, *table));
    table_ = *std::move(table);
    return {};
  }

  // The deliveries of this target's newest snapshots, one for each call that may have been under
  // way: only of those it may be unknown what became of them.
  Result<void> LearnNewest(const Call& call, const lake::Table& table) {
    const auto history = table.history();
    size_t learnt = 0;
    for (auto at = history.rbegin(); at != history.rend() && learnt < in_doubt_max_; ++at) {
      const auto mark = at->summary.find(kMark);
      if (mark == at->summary.end() || mark->second != mark_) continue;
      ++learnt;
      const auto done = at->parent_id ? LearnAdded(call, table, *at->parent_id, at->snapshot_id)
                                      : LearnAll(call, table, at->snapshot_id);
      // The one before it has been let go: so much later nothing is in doubt any more.
      if (!done && done.error().kind() == Kind::kNotFound) return {};
      FIRN_CHECK(done);
    }
    return {};
  }

  Result<void> LearnAdded(const Call& call, const lake::Table& table, int64_t from, int64_t to) {
    lake::RowDiffOptions options;
    options.from = from;
    options.to = to;
    options.key = kKey;
    FIRN_TRY(const auto added, lake::DiffRows(call, table, options));
    for (const lake::RowChange& change : added) {
      if (change.kind == lake::RowChange::Kind::kAdded) Remember(change.key);
    }
    return {};
  }

  // Of a table's first snapshot.
  Result<void> LearnAll(const Call& call, const lake::Table& table, int64_t snapshot) {
    FIRN_TRY(const auto reader,
             lake::RowReader::Open(call, table, {.columns = {kKey}, .snapshot = snapshot}));
    for (;;) {
      FIRN_TRY(const auto batch, reader->Next(call));
      if (batch == nullptr) return {};
      const auto& keys = static_cast<const arrow::StringArray&>(*batch->column(0));
      for (int64_t row = 0; row < keys.length(); ++row) Remember(keys.GetString(row));
    }
  }

  void Remember(std::string key) {
    const auto [at, is_new] = there_.insert(std::move(key));
    if (!is_new) return;
    in_order_.push_back(*at);
    if (in_order_.size() <= 2 * in_doubt_max_ * kEntriesMax) return;
    there_.erase(in_order_.front());
    in_order_.pop_front();
  }

  static Result<std::shared_ptr<arrow::RecordBatch>> RowsOf(
      std::span<const TargetEntry* const> entries) {
    arrow::StringBuilder delivery, event_id, source, detail_type, record_id, input;
    const auto utc = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    arrow::TimestampBuilder time(utc, arrow::default_memory_pool());
    arrow::Status status;
    const auto put = [&](arrow::Status done) {
      if (status.ok()) status = std::move(done);
    };
    for (const TargetEntry* each : entries) {
      const TargetEntry& entry = *each;
      put(delivery.Append(entry.key));
      put(event_id.Append(entry.event->id));
      put(time.Append(entry.event->time.time_since_epoch().count()));
      put(source.Append(entry.event->source));
      put(detail_type.Append(entry.event->detail_type));
      put(entry.event->record_id.empty() ? record_id.AppendNull()
                                         : record_id.Append(entry.event->record_id));
      put(input.Append(entry.input));
    }
    if (!status.ok()) return Fail(Broken(status));
    std::vector<std::shared_ptr<arrow::Array>> columns;
    for (arrow::ArrayBuilder* builder : std::initializer_list<arrow::ArrayBuilder*>{
             &delivery, &event_id, &time, &source, &detail_type, &record_id, &input}) {
      std::shared_ptr<arrow::Array> column;
      status = builder->Finish(&column);
      if (!status.ok()) return Fail(Broken(status));
      columns.push_back(std::move(column));
    }
    const auto schema = arrow::schema(
        {arrow::field("delivery", arrow::utf8()), arrow::field("event_id", arrow::utf8()),
         arrow::field("time", utc), arrow::field("source", arrow::utf8()),
         arrow::field("detail_type", arrow::utf8()), arrow::field("record_id", arrow::utf8()),
         arrow::field("input", arrow::utf8())});
    return arrow::RecordBatch::Make(schema, std::ssize(entries), std::move(columns));
  }

  lake::Lake* lake_;
  lake::TableIdent ident_;
  const size_t in_doubt_max_;
  std::string mark_;
  std::mutex mutex_;
  std::optional<lake::Table> table_;       // nothing: to be looked at
  std::unordered_set<std::string> there_;  // the newest that are in the table
  std::deque<std::string> in_order_;
};

}  // namespace

MadeTarget NewLakeTarget(const project::RuleTarget& target, const TargetParts& parts) {
  if (parts.lake == nullptr) {
    return Fail(Error(Kind::kUnsupported, "EVENT-TARGET-003", "there is no lake for this target")
                    .At(target.where));
  }
  const bool named = target.local.find('.') != std::string::npos;
  FIRN_TRY(const auto ident,
           lake::ParseTableIdent(named ? target.local : parts.lake_namespace + "." + target.local));
  return std::make_unique<LakeTarget>(parts.lake, ident, target.policy.concurrency);
}

}  // namespace firn::events
