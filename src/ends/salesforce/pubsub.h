// Pub/Sub API: topics, schemas and subscriptions to the events of an org, over gRPC.
//
// A PubSub is owned by whoever owns the Org and may be used from any thread; a Subscription and its
// batches are read by one thread. There is at most one subscription of a topic: every delivery is
// billed, so consumers share it. A subscription lives through anything that ends a stream: it is
// opened again behind the last event it received, and the new stream takes the place of the old
// one, which is gone before. Replay ids are opaque bytes, never read and never computed. Tokens and
// payloads reach no log and no error.
//
// Source: Pub/Sub API Developer Guide, "Subscribe RPC Method", "Handle Errors", "Retry Long-Lived
// RPC Calls After an Error Occurs", "Event Message Durability", "Pub/Sub API and Event
// Allocations", read 2026-11.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/call.h"
#include "core/base/error.h"
#include "ends/salesforce/auth.h"
#include "ends/salesforce/pubsub_publish.h"

namespace firn::salesforce {

struct TopicInfo {
  std::string name;
  std::string schema_id;  // empty: the topic carries events of several schemas
  std::string tenant;
  bool can_publish = false;
  bool can_subscribe = false;
};

// One event; views into its batch.
struct EventView {
  std::string_view id;  // EventUuid: the same when the event is delivered again
  std::string_view schema_id;
  std::string_view payload;    // Avro, without a container
  std::string_view replay_id;  // opaque
};

// Events in the topic's order, or none: then it is a sign of life.
class EventBatch {
 public:
  virtual ~EventBatch() = default;
  [[nodiscard]] virtual size_t size() const = 0;
  [[nodiscard]] virtual EventView at(size_t index) const = 0;
  // How far the stream got: behind the batch's last event, or without any event of ours.
  [[nodiscard]] virtual std::string_view latest_replay_id() const = 0;
  [[nodiscard]] virtual size_t bytes() const = 0;
  // No event waits in the org: it gave a sign of life while more were asked for. When none is asked
  // for, it gives one all the same, whatever waits.
  [[nodiscard]] virtual bool caught_up() const { return size() == 0; }
};
using EventBatchPtr = std::shared_ptr<const EventBatch>;

// Where a subscription begins.
struct ReplayPosition {
  enum class From { kLatest, kEarliest, kAfter };
  From from = From::kLatest;
  std::string replay_id;  // kAfter: the last event that is done
};

// What happened to a stream though its subscription goes on; for people and metrics.
struct StreamNote {
  enum class What { kOpened, kEnded, kSilent, kSessionRenewed };
  What what = What::kOpened;
  std::string why;                     // of an end, one line
  std::chrono::milliseconds again{0};  // until the next try
};

struct SubscribeOptions {
  std::string topic;
  // Developer name or id of a ManagedEventSubscription: the org keeps the position and `start`
  // counts for nothing. A beta service of the vendor.
  std::string managed = {};
  ReplayPosition start;
  // Asked for but not yet delivered; the org takes more than 100 as 100.
  int credits_max = 100;
  // Received but not yet taken by Next(). Beyond it nothing more is asked for; when that lasts 60 s
  // the org ends the stream, which is then opened again once there is room.
  size_t events_waiting_max = 4'000;
  size_t bytes_waiting_max = 32U << 20;
  // The org gives a sign of life every 270 s at least: a stream that is silent for longer is dead
  // though nothing says so.
  std::chrono::milliseconds silence_max{300'000};
  Backoff backoff{.first = std::chrono::milliseconds(500),
                  .most = std::chrono::milliseconds(60'000),
                  .attempts_max = 12};  // tries in a row without a sign of life between them
  std::function<void(const StreamNote&)> note = {};
};

// Positions that the org was asked to keep, since the stream was opened.
struct CommitState {
  int64_t asked = 0;
  int64_t answered = 0;  // the newest of those that has its answer
  std::string failed;    // why the org refused that one; empty: it keeps it
};

class Subscription {
 public:
  virtual ~Subscription() = default;
  // The next batch; a sign of life counts; nullptr when none came before `until`. Opens the stream,
  // waits and opens it again as needed. Errors: Expired SF-STREAM-003 (the replay id is not, or no
  // longer, accepted: choose another position and subscribe again); NotFound -004; Denied -005, or
  // SF-AUTH-*; of a managed one NotFound -017, BadConfig -016 (it is stopped), Conflict -015
  // (another client has it) after `attempts_max` tries; LimitReached -006 (the day's deliveries are
  // used up); Unreachable -001 or Timeout -008 when `attempts_max` tries in a row had no sign of
  // life; Cancelled.
  [[nodiscard]] virtual Result<EventBatchPtr> Next(const Call& call, SteadyTime until) = 0;
  // Behind the last batch that Next() returned.
  [[nodiscard]] virtual const ReplayPosition& position() const = 0;
  [[nodiscard]] virtual int64_t streams_opened() const = 0;
  // Of a managed one: everything up to this event, or sign of life, is done for good; the next
  // stream begins behind it. Asked for and not waited for: a commit that is lost brings events
  // again. Only what this stream delivered can be committed.
  virtual void Commit(const std::string& /*replay_id*/) {}
  [[nodiscard]] virtual CommitState commits() const { return {}; }
};

// A ManagedEventSubscription as the Tooling API knows it.
struct ManagedSubscription {
  std::string id;
  std::string developer_name;
  std::string topic;  // `/data/AccountChangeEvent`
  std::string state;  // RUN, STOP
};
class RestClient;
// By developer name or id. Errors: NotFound SF-STREAM-017; those of a query (rest.h), for instance
// when the user may not see the org's setup.
[[nodiscard]] Result<ManagedSubscription> FindManagedSubscription(const Call& call,
                                                                  RestClient& rest,
                                                                  const std::string& name);

struct PubSubOptions {
  std::string org;  // the project's word for it, for messages
  // `host:port` with TLS, or `http://host:port` in clear (a sandbox on this machine).
  std::string endpoint = "api.pubsub.salesforce.com:7443";
  std::string ca_file;  // PEM; empty: the system's authorities
  std::string proxy;    // empty: from the environment; `none`: no proxy
  std::string tenant_id;
  std::chrono::milliseconds request_timeout{30'000};
  size_t schemas_kept = 1'000;
};

class PubSub {
 public:
  virtual ~PubSub() = default;
  // Connects with the first call. `tokens` outlives the PubSub. Errors: BadConfig SF-STREAM-009 for
  // an endpoint or CA file that cannot be used.
  [[nodiscard]] static Result<std::unique_ptr<PubSub>> Open(PubSubOptions options,
                                                            TokenSource& tokens);
  // Errors: NotFound SF-STREAM-004, Denied -005, Unreachable -001, SF-AUTH-*.
  [[nodiscard]] virtual Result<TopicInfo> Topic(const Call& call, const std::string& topic) = 0;
  // The Avro schema as JSON text, kept by id. Errors: NotFound SF-STREAM-010; as Topic.
  [[nodiscard]] virtual Result<std::shared_ptr<const std::string>> Schema(
      const Call& call, const std::string& schema_id) = 0;
  // Opens nothing yet. Errors: Conflict SF-STREAM-011 while another subscription of the topic
  // lives.
  [[nodiscard]] virtual Result<std::unique_ptr<Subscription>> Subscribe(
      SubscribeOptions options) = 0;
  // One request and its answer. Errors of the request, when any of its events may be on the bus all
  // the same: Unreachable SF-STREAM-001, Timeout -008. Others: NotFound -004, Denied -005,
  // Unreachable -014 for an answer about other events, SF-AUTH-*.
  [[nodiscard]] virtual Result<PublishOutcomes> Publish(const Call& call, const std::string& topic,
                                                        std::span<const OutgoingEvent> events) = 0;
  // By a stream that stays open between requests; opens nothing yet. Ends before the PubSub.
  [[nodiscard]] virtual std::unique_ptr<Publisher> OpenPublisher(const std::string& topic) = 0;
  // Who signed in, 18 characters: `CreatedById` of what is published. Errors: SF-AUTH-*.
  [[nodiscard]] virtual Result<std::string> UserId(const Call& call) = 0;
};

}  // namespace firn::salesforce
