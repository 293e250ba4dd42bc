// StreamRun: the end of a cycle, the cursor, and what is told of it.
#include <algorithm>

#include "core/base/fault_point.h"
#include "core/base/time_text.h"
#include "patterns/events/stream/run.h"

namespace firn::events {
namespace {

constexpr int kRetriesPerCycle = 64;
constexpr int kRefusedToTell = 3;
constexpr auto kCommitTime = std::chrono::seconds(5);
constexpr auto kCommitPoll = std::chrono::milliseconds(10);

}  // namespace

int64_t StreamRun::NowMs() const {
  return std::chrono::floor<std::chrono::milliseconds>(call_.clock->Now())
      .time_since_epoch()
      .count();
}

Result<void> StreamRun::Settle(const Call& call) {
  const bool table_work = std::any_of(tables_.begin(), tables_.end(),
                                      [](const auto& table) { return table->HasWork(); });
  if (cycle_events_ == 0 && !table_work) return {};
  // A session goes on for weeks: each cycle is a trace of its own.
  Span span(parts_.spans, call,
            {.name = "commit cycle",
             .attributes = {{"firn.org", parts_.org},
                            {"firn.topic", options_.topic},
                            {"firn.cycle", cursor_.cycle + 1},
                            {"firn.events", cycle_events_}},
             .own_trace = true});
  auto settled = SettleCycle(span.call());
  span.Conclude(settled);
  return settled;
}

Result<void> StreamRun::SettleTables(const Call& call, const TableCommit& commit) {
  for (const auto& table : tables_) {
    const std::string& object = table->followed().object;
    Span span(
        table->HasWork() ? parts_.spans : nullptr, call,
        {.name = "commit merge",
         .attributes = {{"firn.object", object}, {"firn.table", table->followed().table.Text()}}});
    const int64_t before = table->counts().rows;
    auto settled = table->Settle(span.call(), commit);
    span.Set("firn.rows_out", table->counts().rows - before);
    span.Conclude(settled);
    FIRN_CHECK(Doing(std::move(settled), "merging into " + object));
  }
  return {};
}

Result<void> StreamRun::SettleCycle(const Call& call) {
  FIRN_CHECK(RenewLease(call));
  FIRN_CHECK(GiveToConsumers(call));
  FIRN_FAULT_POINT("events.cycle.settling");
  TableCommit commit;
  commit.topic = options_.topic;
  commit.mark.from = cursor_.replay_id;
  commit.mark.cycle = cursor_.cycle + 1;
  commit.mark.org_id = parts_.org_id;
  commit.mark.instance = parts_.instance;
  if (lease_) commit.lease_epoch = lease_->epoch;
  FIRN_CHECK(SettleTables(call, commit));
  FIRN_CHECK(hand_over_.Await());
  for (EventConsumer* consumer : options_.consumers) {
    FIRN_CHECK(Doing(consumer->Settle(call), "settling " + consumer->name()));
  }
  FIRN_FAULT_POINT("events.cycle.settled");
  cursor_.replay_id = position_;
  cursor_.cycle = commit.mark.cycle;
  cursor_.event_ms = std::max(cursor_.event_ms, report_.event_ms);
  cursor_.alive_ms = NowMs();
  // More may be on its way: only a sign of life tells that there is none. A clock that is ahead, or
  // damage, tells nothing of times to come.
  cursor_.known_ms = std::max(cursor_.known_ms, std::min(report_.event_ms, cursor_.alive_ms));
  cursor_.events_total += cycle_events_;
  cursor_.lost.clear();
  FIRN_CHECK(Save());
  FIRN_FAULT_POINT("events.cursor.saved");
  Commit();
  call_.retries = std::make_shared<RetryBudget>(kRetriesPerCycle);
  cycle_events_ = 0;
  ++report_.cycles;
  Report();
  return {};
}

Result<void> StreamRun::SignOfLife(std::string_view latest) {
  // Everything before it has come. What was taken of it is settled first.
  FIRN_CHECK(Settle(call_));
  if (latest.empty()) return {};
  position_ = latest;
  cursor_.replay_id = latest;
  cursor_.alive_ms = cursor_.known_ms = NowMs();
  FIRN_CHECK(Save());
  Commit();  // though it is the same: the org closes managed streams that tell it nothing
  Measure();
  return {};
}

void StreamRun::Commit() {
  if (options_.managed.empty() || cursor_.replay_id.empty()) return;
  subscription_->Commit(cursor_.replay_id);
  FIRN_FAULT_POINT("events.commit.asked");
}

void StreamRun::HearCommits() {
  if (options_.managed.empty()) return;
  const salesforce::CommitState commits = subscription_->commits();
  const bool news = commits.answered > commits_heard_;
  commits_heard_ = commits.answered;  // counted anew by each stream
  if (!news) return;
  FIRN_FAULT_POINT("events.commit.answered");
  // One may be behind what the org has: then it says so, and the next is taken.
  refused_in_a_row_ = commits.failed.empty() ? 0 : refused_in_a_row_ + 1;
  if (refused_in_a_row_ == kRefusedToTell) {
    Note("the org does not keep the position (" + commits.failed + "); ours counts");
  }
}

// So that the next start finds the org where we are; else it is told again then.
void StreamRun::AwaitCommits(const Call& call) {
  if (options_.managed.empty() || subscription_ == nullptr) return;
  const Call mine = call.Within(kCommitTime);
  while (subscription_->commits().answered < subscription_->commits().asked) {
    if (!mine.Sleep(kCommitPoll)) return;
  }
  HearCommits();
}

Result<void> StreamRun::Save() {
  FIRN_CHECK(SaveCursor(*parts_.shared, parts_.org, options_.topic, cursor_));
  return AddToTrail();
}

void StreamRun::Report() {
  report_.tables.clear();
  for (const auto& table : tables_) {
    report_.tables.emplace_back(table->followed().object, table->counts());
  }
  Measure();
  if (parts_.observer != nullptr) parts_.observer->Settled(report_);
}

void StreamRun::Measure() {
  const StreamMeasure measure{cursor_.known_ms, NowMs()};
  if (parts_.observer != nullptr && measure.known_ms > 0) parts_.observer->Measured(measure);
  if (parts_.metrics == nullptr) return;
  const Labels labels = {{"org", parts_.org}, {"pattern", "events"}, {"topic", options_.topic}};
  const auto bring = [&](const char* name, int64_t to, const char* help) {
    Counter& counter = parts_.metrics->GetCounter(name, labels, help);
    counter.Add(to - counter.value());
  };
  int64_t rows = 0;
  int64_t rejected = report_.quarantined;
  for (const auto& [object, counts] : report_.tables) {
    rows += counts.rows;
    rejected += counts.rejected;
  }
  bring("rows_in_total", report_.events, "events delivered");
  bring("rows_out_total", rows, "rows written or taken away");
  bring("rows_rejected_total", rejected, "events in quarantine and rows rejected");
  bring("event_streams_opened_total", report_.streams_opened, "streams opened");
  if (measure.known_ms == 0) return;
  parts_.metrics->GetGauge("lag_seconds", labels, "how far the tables are behind the org")
      .Set(static_cast<double>(std::max<int64_t>(0, measure.at_ms - measure.known_ms)) / 1000.0);
}

void StreamRun::Tell(StreamState state, const std::string& why) const {
  if (parts_.observer != nullptr) parts_.observer->Changed(state, why);
}

void StreamRun::Note(const std::string& text) const {
  if (parts_.observer != nullptr) parts_.observer->Note(options_.topic, text);
}

}  // namespace firn::events
