#include "sandbox/streaming/bayeux_message.h"

#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "sandbox/answer.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr size_t kMessagesMax = 1000;       // of one request: the bytes are bounded anyway
constexpr size_t kSubscriptionsMax = 1000;  // of one message

std::string TextOf(const json& message, const char* name) {
  const auto found = message.find(name);
  return found != message.end() && found->is_string() ? found->get<std::string>() : "";
}

// A text or a list of texts.
std::vector<std::string> TextsOf(const json& message, const char* name) {
  std::vector<std::string> texts;
  const auto found = message.find(name);
  if (found == message.end()) return texts;
  const json list = found->is_array() ? *found : json::array({*found});
  for (const json& one : list) {
    if (one.is_string() && texts.size() < kSubscriptionsMax) texts.push_back(one);
  }
  return texts;
}

std::map<std::string, int64_t> ReplayOf(const json& message) {
  std::map<std::string, int64_t> replay;
  const json* at = &message;
  for (const char* name : {"ext", "replay"}) {
    const auto found = at->find(name);
    if (found == at->end() || !found->is_object()) return replay;
    at = &*found;
  }
  for (const auto& [channel, id] : at->items()) {
    if (id.is_number_integer()) {
      replay[channel] = id.get<int64_t>();
    } else if (id.is_string()) {  // some clients keep ids as text
      replay[channel] = std::strtoll(id.get_ref<const std::string&>().c_str(), nullptr, 10);
    }
  }
  return replay;
}

BayeuxMessage MessageOf(const json& from) {
  BayeuxMessage message;
  message.channel = TextOf(from, "channel");
  message.client_id = TextOf(from, "clientId");
  if (const auto id = from.find("id"); id != from.end() && id->is_primitive()) {
    message.id = id->dump(-1, ' ', false, json::error_handler_t::replace);
  }
  message.subscriptions = TextsOf(from, "subscription");
  message.connection_type = TextOf(from, "connectionType");
  message.connection_types = TextsOf(from, "supportedConnectionTypes");
  message.replay = ReplayOf(from);
  const auto advice = from.find("advice");
  if (advice != from.end() && advice->is_object()) {
    const auto timeout = advice->find("timeout");
    if (timeout != advice->end() && timeout->is_number_integer()) {
      message.timeout_ms = timeout->get<int64_t>();
    }
  }
  return message;
}

bool Append(std::string_view text, std::vector<BayeuxMessage>& messages) {
  const json body = json::parse(text, nullptr, false);
  if (body.is_object()) {
    messages.push_back(MessageOf(body));
    return true;
  }
  if (!body.is_array()) return false;
  for (const json& one : body) {
    if (!one.is_object() || messages.size() >= kMessagesMax) return false;
    messages.push_back(MessageOf(one));
  }
  return true;
}

ordered_json AdviceJson(const BayeuxReply& reply) {
  if (reply.advice == Advice::kRetry) {
    return {{"interval", 0}, {"timeout", reply.timeout_ms}, {"reconnect", "retry"}};
  }
  return {{"interval", 0}, {"reconnect", reply.advice == Advice::kStop ? "none" : "handshake"}};
}

std::string Dump(const ordered_json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::optional<std::vector<BayeuxMessage>> ParseBayeux(std::string_view body, bool is_form) {
  std::vector<BayeuxMessage> messages;
  if (!is_form) {
    if (!Append(body, messages)) return std::nullopt;
    return messages;
  }
  const auto fields = FormDecode(body);
  if (!fields) return std::nullopt;
  for (const auto& [name, text] : *fields) {
    if (name == "message" && !Append(text, messages)) return std::nullopt;
  }
  return messages;
}

std::string ReplyJson(const BayeuxMessage& message, const BayeuxReply& reply) {
  ordered_json answer;
  const bool handshake = message.channel == "/meta/handshake";
  if (!reply.failure_reason.empty()) {
    answer["ext"]["sfdc"]["failureReason"] = reply.failure_reason;
  }
  if (handshake) {
    answer["ext"]["replay"] = true;
    answer["ext"]["payload.format"] = true;
  }
  if (!reply.client_id.empty()) answer["clientId"] = reply.client_id;
  if (reply.advice != Advice::kNone) answer["advice"] = AdviceJson(reply);
  answer["channel"] = message.channel;
  if (!message.id.empty()) answer["id"] = json::parse(message.id, nullptr, false);
  if (!reply.subscription.empty()) answer["subscription"] = reply.subscription;
  if (!reply.error.empty()) answer["error"] = reply.error;
  answer["successful"] = reply.error.empty();
  return Dump(answer);
}

std::string HandshakeJson(const BayeuxMessage& message, const std::string& client_id) {
  ordered_json answer = {{"ext", {{"replay", true}, {"payload.format", true}}},
                         {"minimumVersion", "1.0"},
                         {"clientId", client_id},
                         {"supportedConnectionTypes", {"long-polling"}},
                         {"channel", "/meta/handshake"}};
  if (!message.id.empty()) answer["id"] = json::parse(message.id, nullptr, false);
  answer["version"] = "1.0";
  answer["successful"] = true;
  return Dump(answer);
}

std::string DeliveryJson(std::string_view channel, std::string_view data) {
  return "{\"data\":" + std::string(data) + ",\"channel\":" + JsonString(channel) + "}";
}

std::string ListOf(const std::vector<std::string>& messages) {
  std::string list = "[";
  for (const std::string& message : messages) {
    if (list.size() > 1) list += ',';
    list += message;
  }
  return list + "]";
}

}  // namespace firn::sandbox
