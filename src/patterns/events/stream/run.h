// StreamRun: one topic being followed. Internal to events; one thread.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "patterns/events/stream/follow.h"
#include "patterns/events/stream/hand_over.h"
#include "patterns/events/stream/plans.h"
#include "patterns/events/stream/quarantine.h"
#include "patterns/events/stream/start.h"
#include "patterns/events/stream/trail.h"

namespace firn::events {

// How far is reached back behind the last event or export: records commit late, with stamps that
// lie before others that were told already (airbyte issue 27146).
inline constexpr auto kLateCommits = std::chrono::minutes(10);
inline UtcMicros AtMs(int64_t ms) { return UtcMicros(std::chrono::milliseconds(ms)); }
inline int64_t MsOf(UtcMicros time) {
  return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}

class StreamRun {
 public:
  StreamRun(const Call& call, const StreamParts& parts, const StreamOptions& options);
  Result<StreamReport> Run();

 private:
  // The lease, and the place to begin.
  Result<void> WaitForLease();
  Result<void> OutgrowTables(const state::LeaseTerms& terms);
  Result<void> RenewLease(const Call& call);
  Result<void> Begin();
  [[nodiscard]] int64_t TimeToJudgeBy(const std::optional<StreamCursor>& cursor);
  Result<void> Subscribe(salesforce::ReplayPosition from, bool is_ours = true);
  void NoteStream(const salesforce::StreamNote& note) const;
  // A managed subscription is told what is done, and heard.
  void Commit();
  void HearCommits();
  void AwaitCommits(const Call& call);
  Result<void> FirstStart(bool lost_before);
  Result<void> LetJoin(StartFacts& facts, StartPlan& plan);
  Result<void> BeginTrail();
  Result<void> AddToTrail();
  Result<void> Lost(const std::string& why);
  Result<void> Backfill(const std::string& why);

  Result<void> Loop();
  [[nodiscard]] SteadyTime WakeAt() const;
  [[nodiscard]] bool CycleIsDue(int times = 1) const;
  Result<void> TakeBatch(const salesforce::EventBatch& batch);
  Result<void> TakeEvent(const salesforce::EventView& event);
  Result<void> Dispatch(const salesforce::EventView& event, const ChangePlan& plan);
  Result<void> ToTable(LakeTable& table, const TableEvent& event);
  // Consumers get many events at once: each hand-over costs them a transaction. They take them
  // while the stream goes on; Settle awaits that.
  void ForConsumers(const salesforce::EventView& event, const ChangePlan& plan);
  Result<void> GiveToConsumers(const Call& call);
  Result<void> Keep(const salesforce::EventView& event, const Error& why);
  [[nodiscard]] bool SeenBefore(std::string_view event_id);
  // Ends the cycle: tables, consumers, cursor. Under a call that a stop does not cut short.
  Result<void> Settle(const Call& call);
  Result<void> SettleCycle(const Call& call);
  Result<void> SettleTables(const Call& call, const TableCommit& commit);
  Result<void> SignOfLife(std::string_view latest);
  Result<void> Save();
  void Report();
  void Note(const std::string& text) const;
  void Tell(StreamState state, const std::string& why) const;
  void Measure();
  [[nodiscard]] int64_t NowMs() const;

  Call call_;  // with a retry budget of its own for each cycle
  const StreamParts& parts_;
  const StreamOptions& options_;
  std::optional<state::HeldLease> lease_;
  SteadyTime lease_renewed_{};
  StreamPlans plans_;
  Quarantine quarantine_;
  std::vector<std::unique_ptr<LakeTable>> tables_;
  std::map<std::string, LakeTable*, std::less<>> by_entity_;
  std::unique_ptr<salesforce::Subscription> subscription_;
  StreamCursor cursor_;
  StreamTrail trail_;
  bool trail_is_old_ = false;  // it lacks tables that have been read again
  std::string position_;       // behind what was taken
  SteadyTime cycle_began_{};
  int64_t cycle_events_ = 0;
  std::string transaction_;  // of the newest event
  int lost_in_a_row_ = 0;
  int64_t commits_heard_ = 0;
  int refused_in_a_row_ = 0;
  ChangeRecord record_;
  std::string schema_id_;
  std::vector<Envelope> envelopes_;  // of the newest event
  std::vector<Envelope> handed_next_;
  size_t handed_next_bytes_ = 0;
  HandOver hand_over_;
  std::unordered_set<std::string> seen_;
  std::deque<std::string> seen_order_;
  StreamReport report_;
};

}  // namespace firn::events
