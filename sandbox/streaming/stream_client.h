// StreamClient: one client of the Streaming API, from its handshake to its end.
//
// Holds what it is subscribed to, how far each channel was read, and the connect that waits for
// events. Thread-safe: requests and the door's watch enter it. Nothing of it outlives a restart of
// the org: the client is told to shake hands again, and its replay ids bring it back to its place.
// Source: Streaming API Developer Guide, "How the Client Connects", "Clients and Timeouts",
// "Message Durability", "Filtered Subscriptions"; read 2026-11.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/net/server.h"
#include "sandbox/api_request.h"
#include "sandbox/events/channel_shape.h"
#include "sandbox/events/event_bus.h"
#include "sandbox/streaming/bayeux_message.h"
#include "sandbox/streaming/event_printer.h"

namespace firn::sandbox {

// A connect that waits, and how its answer is given and noted.
struct HeldConnect {
  BayeuxMessage message;
  std::function<void(std::string json)> answer;
  SteadyTime due{};
};

class StreamClient {
 public:
  struct Identity {
    std::string id;
    std::string token;
    std::string user_id;
    int version = 0;  // 60 of `/cometd/60.0`
  };
  StreamClient(ApiParts& parts, Identity identity, SteadyTime now);
  ~StreamClient();  // a connect that waits is answered: unknown client

  [[nodiscard]] const Identity& identity() const { return identity_; }

  struct Wish {
    std::string channel;  // as the client wrote it
    Topic topic;
    int64_t position = 0;                       // events behind it come
    std::map<std::string, std::string> filter;  // of `/topic/X?Field=value`
  };
  void Subscribe(Wish wish);
  void Unsubscribe(const std::string& channel);
  [[nodiscard]] bool Follows(const std::string& channel) const;
  // Takes the connect and answers it when there is something to say. `at_once`: now.
  void Connect(HeldConnect connect, bool at_once, SteadyTime now);
  // Answers the connect that waits, without events.
  void Release();
  // What is due. When to come again at the latest; nothing: the client is at its end.
  [[nodiscard]] std::optional<SteadyTime> Step(SteadyTime now);

 private:
  struct Feed {
    Topic topic;
    int64_t read_to = 0;
    std::map<std::string, std::string> filter;
    std::unique_ptr<ChannelShape> shape;  // of a channel with members
    std::deque<LogEvent> ready;
  };
  [[nodiscard]] std::vector<std::string> TakeLocked();
  [[nodiscard]] Result<bool> RefillLocked(Feed& feed);
  [[nodiscard]] Result<void> TakeFrom(const std::string& channel, Feed& feed, int64_t& left,
                                      std::vector<std::string>& messages);
  void AnswerLocked(std::vector<std::string> messages, const BayeuxReply& reply, SteadyTime now);
  [[nodiscard]] BayeuxReply WellLocked();

  ApiParts& parts_;
  const Identity identity_;
  mutable std::mutex mutex_;
  EventPrinter printer_;
  std::map<std::string, Feed> feeds_;  // by the channel as the client wrote it
  std::optional<HeldConnect> held_;
  bool advised_ = false;  // was told how to connect
  SteadyTime seen_;       // the last answer to a connect
};

}  // namespace firn::sandbox
