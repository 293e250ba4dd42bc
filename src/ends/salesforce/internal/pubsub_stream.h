// One stream of events, from its opening to its end: what a subscription is made of, one after the
// other. Private to the room.
#pragma once

#include <memory>
#include <string>

#include "ends/salesforce/auth.h"
#include "ends/salesforce/pubsub.h"

namespace firn::salesforce {

class EventStream {
 public:
  // Ends the stream and waits until it is gone.
  virtual ~EventStream() = default;
  // The next batch; nullptr when none came before `until`. Errors: the stream's end, of any kind;
  // an end without an error is SF-STREAM-001 too. Batches received before the end come first.
  [[nodiscard]] virtual Result<EventBatchPtr> Read(const Call& call, SteadyTime until) = 0;
  // As of a Subscription.
  virtual void Commit(const std::string& /*replay_id*/) {}
  [[nodiscard]] virtual CommitState commits() const { return {}; }
};

class StreamOpener {
 public:
  virtual ~StreamOpener() = default;
  [[nodiscard]] virtual Result<std::unique_ptr<EventStream>> Open(const Session& session,
                                                                  const SubscribeOptions& options,
                                                                  const ReplayPosition& from) = 0;
};

// `closed` runs when the subscription goes. Parts outlive it.
[[nodiscard]] std::unique_ptr<Subscription> NewSubscription(SubscribeOptions options,
                                                            StreamOpener& opener,
                                                            TokenSource& tokens,
                                                            std::function<void()> closed);

// How many events to ask for. Pure; the caller locks.
class Credits {
 public:
  Credits(int most, size_t events_max, size_t bytes_max)
      : most_(most), events_max_(events_max), bytes_max_(bytes_max) {}
  // The next request, given what waits; 0: none now. Small top-ups are put off while enough is
  // still asked for, so that a stream of single events does not mean a request each.
  [[nodiscard]] int Ask(size_t events_waiting, size_t bytes_waiting);
  void Received(size_t events) {
    outstanding_ =
        static_cast<int>(events) >= outstanding_ ? 0 : outstanding_ - static_cast<int>(events);
  }
  [[nodiscard]] int outstanding() const { return outstanding_; }

 private:
  int most_;
  size_t events_max_;
  size_t bytes_max_;
  int outstanding_ = 0;
};

// The end of a call or stream in Firn's words. `status`: gRPC's code; `error_code`: the trailer of
// that name, or empty where a proxy took the trailers away: then the message is searched for it.
struct StreamEnd {
  int status = 0;
  std::string message;
  std::string error_code;
  std::string rpc_id;
};
[[nodiscard]] Error ErrorOfEnd(const StreamEnd& end, const std::string& org,
                               const std::string& topic);

}  // namespace firn::salesforce
