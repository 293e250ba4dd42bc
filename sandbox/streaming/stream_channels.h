// StreamChannels: which channel a subscriber means, whether it may follow it, and from where on.
//
// `/event/..` and `/data/..` are the event bus's topics, `/topic/..` PushTopics, `/u/..` generic
// channels, `/systemTopic/..` channels of an org that runs no Apex: they exist and stay silent.
// Thread-safe. Source: Streaming API Developer Guide, "Streaming API Error Codes", "Message
// Durability", "Filtered Subscriptions"; read 2026-11.
#pragma once

#include <string>
#include <variant>

#include "sandbox/api_request.h"
#include "sandbox/streaming/stream_client.h"

namespace firn::sandbox {

class PushTopics;

class StreamChannels {
 public:
  StreamChannels(ApiParts& parts, PushTopics& topics) : parts_(parts), topics_(topics) {}
  // What StreamClient::Subscribe takes, or the error as the client is told it. `replay`: -1 new
  // events only, -2 all that are kept, else those behind this one.
  [[nodiscard]] std::variant<StreamClient::Wish, std::string> Find(const std::string& channel,
                                                                   int64_t replay,
                                                                   const std::string& user_id);

 private:
  [[nodiscard]] std::optional<std::string> FindTopic(StreamClient::Wish& wish,
                                                     const std::string& user_id);
  [[nodiscard]] std::optional<std::string> Place(StreamClient::Wish& wish, int64_t replay) const;

  [[nodiscard]] std::optional<std::string> FindPushTopic(StreamClient::Wish& wish,
                                                         const Catalogue& seen);
  [[nodiscard]] std::optional<std::string> FindGeneric(StreamClient::Wish& wish) const;

  ApiParts& parts_;
  PushTopics& topics_;
};

}  // namespace firn::sandbox
