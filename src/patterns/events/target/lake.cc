// Lake tables: events appended, one snapshot a call. A delivery that comes again replaces its own
// row, so that each is there once.
#include <arrow/api.h>

#include <mutex>

#include "core/record/schema.h"
#include "ends/lake/merge/merge.h"
#include "patterns/events/target/kinds.h"

namespace firn::events {
namespace {

constexpr size_t kEntriesMax = 5000;
constexpr size_t kBytesMax = 32U << 20;
constexpr auto kLinger = std::chrono::seconds(1);

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
  LakeTarget(lake::Lake* lake, lake::TableIdent ident) : lake_(lake), ident_(std::move(ident)) {}

  TargetLimits limits() const override { return {kEntriesMax, kBytesMax, true, kLinger}; }

  Result<Outcomes> Deliver(const Call& call, std::span<const TargetEntry> entries) override {
    const std::lock_guard lock(mutex_);
    FIRN_CHECK(OpenMerger(call));
    FIRN_TRY(auto batch, RowsOf(entries));
    FIRN_CHECK(merger_->Upsert(std::move(batch), {}));
    const auto committed = merger_->Commit(call, {});
    if (committed) return Outcomes(entries.size());
    // Whatever it held is tried again by the lane: begin anew from the table as it is.
    merger_.reset();
    return Fail(committed.error());
  }

 private:
  Result<void> OpenMerger(const Call& call) {
    if (merger_) return {};
    auto table = lake_->Load(ident_);
    if (!table && table.error().kind() == Kind::kNotFound) {
      auto made = lake_->Create(call, ident_, EventSchema(), {});
      if (!made && made.error().kind() != Kind::kConflict) return Fail(std::move(made).error());
    } else if (!table) {
      return Fail(std::move(table).error());
    }
    lake::MergeOptions options;
    options.table = ident_;
    options.key = "delivery";
    FIRN_TRY(merger_, lake::Merger::Open(call, *lake_, options));
    return {};
  }

  static Result<std::shared_ptr<arrow::RecordBatch>> RowsOf(std::span<const TargetEntry> entries) {
    arrow::StringBuilder delivery, event_id, source, detail_type, record_id, input;
    const auto utc = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    arrow::TimestampBuilder time(utc, arrow::default_memory_pool());
    arrow::Status status;
    const auto put = [&](arrow::Status done) {
      if (status.ok()) status = std::move(done);
    };
    for (const TargetEntry& entry : entries) {
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
  std::mutex mutex_;
  std::unique_ptr<lake::Merger> merger_;
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
  return std::make_unique<LakeTarget>(parts.lake, ident);
}

}  // namespace firn::events
