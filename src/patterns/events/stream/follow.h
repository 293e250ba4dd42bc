// Following a topic: its events into the tables of the lake and to every other consumer, each table
// exactly once, from where the last run stopped.
//
// One call follows one topic on the caller's thread until it is stopped; several topics are
// followed by several threads. A lease keeps a second process waiting. Whatever ends a call, the
// next one goes on from the cursor in the shared state, or, when that is gone, from what the
// tables' snapshots say (stream/cursor.h). Contents of events reach no log.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "core/base/metrics.h"
#include "core/base/span.h"
#include "core/state/lease.h"
#include "core/state/shared_state.h"
#include "ends/salesforce/pubsub.h"
#include "patterns/events/lake/table.h"
#include "patterns/events/stream/consumer.h"
#include "patterns/events/stream/cursor.h"

namespace firn::events {

// What to do when the org does not accept the position any more: the events behind it are gone, or
// the org is another. Nothing is ever skipped in silence.
enum class OnLost {
  kFail,      // stop, and say so until somebody decides
  kBackfill,  // read what changed since the last event that is done, then go on with what is kept
};

struct StreamReport {
  std::string topic;
  int64_t events = 0;       // delivered
  int64_t passed_over = 0;  // of objects without a table, and duplicates
  int64_t quarantined = 0;
  int64_t cycles = 0;
  int64_t streams_opened = 0;
  int64_t backfills = 0;
  int64_t event_ms = 0;                                     // commit of the newest event
  std::vector<std::pair<std::string, TableCounts>> tables;  // by object
};

// How a topic is doing, for people.
enum class StreamState {
  kWaiting,  // another process has the lease
  kOpen,     // events come as they happen
  kBroken,   // the stream ended and is opened again by itself
};

// How far the tables are behind the org, as it was last found out.
struct StreamMeasure {
  int64_t known_ms = 0;  // what the org held then is in the tables
  int64_t at_ms = 0;     // when that was found out
};

class StreamObserver {
 public:
  virtual ~StreamObserver() = default;
  // `why` is one line; empty when the stream is open.
  virtual void Changed(StreamState /*state*/, const std::string& /*why*/) {}
  // One sentence: waiting for a lease, a stream that ended, a backfill. From the topic's thread.
  virtual void Note(const std::string& topic, const std::string& text) = 0;
  // After each cycle.
  virtual void Settled(const StreamReport& report) = 0;
  // After each cycle and sign of life from which on it is known. From the topic's thread.
  virtual void Measured(const StreamMeasure& /*measure*/) {}
};

struct StreamParts {
  std::string org;       // the project's name for it: first part of every state key
  std::string org_id;    // 18 characters
  std::string instance;  // `USA512`; empty: not known
  salesforce::PubSub* pubsub = nullptr;
  LakeParts lake;
  std::shared_ptr<state::SharedState> shared;
  state::Leases* leases = nullptr;     // may be null: nobody else can follow
  std::string lease_holder;            // unique for this process
  MetricsRegistry* metrics = nullptr;  // may be null
  SpanSink* spans = nullptr;           // may be null
  StreamObserver* observer = nullptr;  // may be null
};

struct StreamOptions {
  std::string topic;
  // Developer name or id of a managed subscription of that topic, which is told how far events are
  // done; empty: none. What is done stands in the cursor and the tables first.
  std::string managed;
  std::vector<FollowedTable> tables;
  std::vector<EventConsumer*> consumers;
  // A cycle ends after so much time or so many events.
  std::chrono::milliseconds commit_every{1'000};
  int64_t events_per_commit = 10'000;
  // A transaction's changes go into one snapshot of each table: the cycle waits for its end, at
  // most four times as long and as many.
  bool whole_transactions = false;
  bool until_caught_up = false;  // ends at the first sign of life behind the newest event
  OnLost on_lost = OnLost::kFail;
  std::string quarantine_folder;
  std::chrono::milliseconds lease_length{15'000};
  std::chrono::milliseconds silence_max{300'000};  // then a stream is dead though nothing says so
  std::string account = "000000000000";            // of envelopes
  std::string region = "us-east-1";
};

// Errors: those of a subscription (pubsub.h); Expired (EVENT-LOST-001) when the position is lost
// and `on_lost` is kFail; Conflict (STATE-LEASE-002) when another process took over; those of the
// tables and consumers. A stop is no error: what was taken is settled and the report returned.
[[nodiscard]] Result<StreamReport> FollowTopic(const Call& call, const StreamParts& parts,
                                               const StreamOptions& options);

// The cursor of a topic; nothing when it was never followed.
[[nodiscard]] Result<std::optional<StreamCursor>> LoadCursor(state::SharedState& shared,
                                                             const std::string& org,
                                                             const std::string& topic);
// Of all topics that were followed, by name.
[[nodiscard]] Result<std::vector<std::pair<std::string, StreamCursor>>> LoadCursors(
    state::SharedState& shared, const std::string& org);
[[nodiscard]] Result<void> SaveCursor(state::SharedState& shared, const std::string& org,
                                      const std::string& topic, const StreamCursor& cursor);
// The instance an org lives on (`Organization.InstanceName`); empty when the user may not see it.
[[nodiscard]] std::string InstanceOf(const Call& call, salesforce::RestClient& rest);

}  // namespace firn::events
