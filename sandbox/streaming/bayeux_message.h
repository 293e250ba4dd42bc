// Bayeux messages: what a client of the Streaming API posts, and how it is answered.
//
// Pure functions; any thread. What a message does not say stays empty; members that this org has no
// use for are passed over. Source: Bayeux protocol 1.0, "Message Fields", "Meta Channels";
// Streaming API Developer Guide, "Handling Streaming API Errors", "Message Durability"; read
// 2026-11.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace firn::sandbox {

struct BayeuxMessage {
  std::string channel;
  std::string client_id;
  std::string id;  // JSON text of any type, for the answer; empty: the message had none
  std::vector<std::string> subscriptions;
  std::string connection_type;
  std::vector<std::string> connection_types;  // of a handshake
  std::map<std::string, int64_t> replay;      // by channel, of `ext.replay`
  std::optional<int64_t> timeout_ms;          // of `advice`: how long a connect may be held
};

// An object or a list of them, also in a form's `message` fields. Nothing when the bytes are none.
[[nodiscard]] std::optional<std::vector<BayeuxMessage>> ParseBayeux(std::string_view body,
                                                                    bool is_form);

// What a client shall do next, as JSON text. Empty: nothing is said of it.
enum class Advice { kNone, kRetry, kHandshake, kStop };

struct BayeuxReply {
  std::string client_id = {};  // empty: not told
  std::string error = {};      // empty: successful
  Advice advice = Advice::kNone;
  int64_t timeout_ms = 0;           // of Advice::kRetry
  std::string subscription = {};    // empty: not told
  std::string failure_reason = {};  // told as `ext.sfdc.failureReason`
};
// The answer to a message, one JSON object.
[[nodiscard]] std::string ReplyJson(const BayeuxMessage& message, const BayeuxReply& reply);
// To a handshake that went well.
[[nodiscard]] std::string HandshakeJson(const BayeuxMessage& message, const std::string& client_id);
// `data` is JSON text.
[[nodiscard]] std::string DeliveryJson(std::string_view channel, std::string_view data);
[[nodiscard]] std::string ListOf(const std::vector<std::string>& messages);

}  // namespace firn::sandbox
