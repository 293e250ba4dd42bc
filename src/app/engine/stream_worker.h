// StreamWorker: keeps one topic followed for as long as the daemon runs: its changes in the tables,
// its events with the rules.
//
// Follows in lives: each opens what it stands on, takes the topic's lease (waiting while another
// process has it) and follows until something ends it: an error (the next life begins after a
// growing pause), tables that came or went, a stop, which settles what was taken. Whatever ends a
// life, the next goes on from the cursor: each table takes each change once. One thread follows;
// any may ask.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "app/engine/rules_worker.h"
#include "app/engine/runtime.h"
#include "core/project/services.h"
#include "patterns/events/stream/follow.h"

namespace firn::engine {

enum class StreamCondition {
  kStarting,
  kNoTables,  // waits for the first export
  kWaiting,   // another process follows
  kFollowing,
  kBroken,    // the org ended the stream; it is opened again
  kRetrying,  // a life ended by an error; the next begins at `again`
  kStopped,
};
[[nodiscard]] std::string_view StreamConditionName(StreamCondition condition);

struct TableFreshness {
  std::string table;
  std::optional<UtcMicros> event_time;  // commit of its newest change
  std::optional<double> seconds;        // since the org's state that it is known to hold
};

struct StreamStatus {
  std::string org;
  std::string topic;
  StreamCondition condition = StreamCondition::kStarting;
  std::string detail;  // why; one line
  std::vector<std::string> tables;
  UtcMicros since{};               // of the condition
  std::optional<UtcMicros> again;  // kRetrying
  int64_t events = 0;              // since the daemon began, as are the next
  int64_t rows = 0;
  int64_t quarantined = 0;
  int64_t restarts = 0;
  std::optional<UtcMicros> event_time;  // commit of the newest change in a table
  // Nothing, where it is not known:
  std::optional<double> lag_seconds;  // how far the tables are behind the org, as last found out
  std::vector<TableFreshness> freshness;
};

class StreamWorker {
 public:
  // `runtime` and `rules` (may be null) outlive it.
  StreamWorker(project::FollowedStream stream, Runtime& runtime, RulesWorker* rules);
  ~StreamWorker();  // as Stop

  void Start(const Call& call);
  // The stop is asked for; Stop also waits until what was taken is settled.
  void RequestStop() { stop_.request_stop(); }
  void Stop();
  // Ends the life when the tables it should follow are not the ones it follows.
  void LookForTables();
  [[nodiscard]] StreamStatus Status() const;
  void RefreshGauges();

 private:
  class Observer;
  void Work(const Call& call);
  Result<events::StreamReport> Live(const Call& call);
  Result<std::vector<events::FollowedTable>> Tables(lake::Lake& lake) const;
  Result<void> WarnOfUnselected(const Call& call, salesforce::PubSub& pubsub,
                                const std::vector<events::FollowedTable>& tables) const;
  [[nodiscard]] int64_t KnownMs() const;
  void Pause(const Call& call, const Error& error, int* attempt);
  void Say(StreamCondition condition, std::string detail);
  void Count(const events::StreamReport& report);
  void Measure(const events::StreamMeasure& measure);

  const project::FollowedStream stream_;
  Runtime& runtime_;
  RulesWorker* rules_;
  mutable std::mutex mutex_;
  StreamStatus status_;
  StreamStatus before_;  // counts of the lives before this one
  std::vector<std::string> following_;
  std::vector<events::FollowedTable> tables_;     // of this life
  std::map<std::string, UtcMicros> event_times_;  // by table
  std::optional<events::StreamMeasure> measure_;  // of this life
  std::optional<std::stop_source> life_;
  std::stop_source stop_;
  std::jthread thread_;
};

}  // namespace firn::engine
