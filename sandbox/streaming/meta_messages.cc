// What the meta channels answer: handshake, connect, subscribe, unsubscribe, disconnect.
#include "sandbox/events/event_bus.h"
#include "sandbox/sign_in/oauth_text.h"
#include "sandbox/streaming/exchange.h"

namespace firn::sandbox {
namespace {

constexpr std::string_view kLongPolling = "long-polling";
constexpr int64_t kReplayNewOnly = -1;

bool ServesStreams(const Session& session) {
  return HasScope(session.scopes, "api") || HasScope(session.scopes, "full");
}

bool TakesLongPolling(const std::vector<std::string>& types) {
  if (types.empty()) return true;
  for (const std::string& type : types) {
    if (type == kLongPolling) return true;
  }
  return false;
}

// The id in effect for a channel: `/topic/X?Name=a` is also meant by its name alone.
int64_t ReplayOf(const BayeuxMessage& message, const std::string& channel) {
  for (const std::string& name : {channel, channel.substr(0, channel.find('?'))}) {
    const auto found = message.replay.find(name);
    if (found != message.replay.end()) return found->second;
  }
  return kReplayNewOnly;
}

}  // namespace

void StreamingDoor::Dispatch(Exchange& exchange, const BayeuxMessage& message) {
  if (message.channel == "/meta/handshake") return Handshake(exchange, message);
  if (message.channel == "/meta/subscribe") return Subscribe(exchange, message);
  if (message.channel == "/meta/unsubscribe") return Unsubscribe(exchange, message);
  if (message.channel == "/meta/disconnect") return Disconnect(exchange, message);
  // Events are published by the other APIs: nobody may by this one.
  const bool meta = message.channel.starts_with("/meta/");
  exchange.Say(message, {.client_id = message.client_id,
                         .error = meta ? "404::Unknown channel"
                                       : "403:denied_by_security_policy:publish_denied"});
}

void StreamingDoor::Handshake(Exchange& exchange, const BayeuxMessage& message) {
  const auto deny = [&](std::string reason) {
    exchange.Say(message, {.error = "403::Handshake denied",
                           .advice = Advice::kStop,
                           .failure_reason = std::move(reason)});
  };
  if (exchange.token.empty()) return deny("401::Request requires authentication");
  if (!exchange.session || !ServesStreams(*exchange.session)) {
    return deny("401::Authentication invalid");
  }
  if (!TakesLongPolling(message.connection_types)) {
    return deny("400::Invalid connection type " + message.connection_types.front());
  }
  const auto client =
      clients_.Make(parts_, {"", exchange.token, exchange.session->user_id, exchange.version});
  if (!client) return deny("403::Organization concurrent user limit exceeded");
  exchange.new_client = true;
  exchange.answers.push_back(HandshakeJson(message, client->identity().id));
}

std::shared_ptr<StreamClient> StreamingDoor::ClientOf(Exchange& exchange,
                                                      const BayeuxMessage& message) {
  BayeuxReply reply{.client_id = message.client_id};
  if (!exchange.session) {
    reply.error = exchange.token.empty() ? "401::Request requires authentication"
                                         : "401::Authentication invalid";
    reply.advice = Advice::kStop;
    exchange.Say(message, reply);
    clients_.Forget(message.client_id);
    return nullptr;
  }
  auto client = clients_.Find(message.client_id);
  if (!client) {
    reply.client_id.clear();
    reply.error = message.client_id.empty() ? "403::Client has not completed handshake"
                                            : "403::Unknown client";
    reply.advice = Advice::kHandshake;
  } else if (client->identity().user_id != exchange.session->user_id) {
    reply.error = "400::Authenticated user id does not match the session's user id";
    client = nullptr;
  }
  if (!client) exchange.Say(message, reply);
  return client;
}

bool StreamingDoor::Connect(const std::shared_ptr<Exchange>& exchange,
                            const BayeuxMessage& message) {
  const auto client = ClientOf(*exchange, message);
  if (!client) return false;
  if (!message.connection_type.empty() && message.connection_type != kLongPolling) {
    exchange->Say(message, {.client_id = message.client_id,
                            .error = "400::Invalid connection type " + message.connection_type});
    return false;
  }
  const SteadyTime now = parts_.clock.Steady();
  const int64_t longest = parts_.events.settings().connect_timeout.count();
  const int64_t wanted = message.timeout_ms.value_or(longest);
  const std::chrono::milliseconds held(std::clamp<int64_t>(wanted, 0, longest));
  HeldConnect connect{message,
                      [this, exchange](std::string json) {
                        Answer answer = JsonAnswer(200, std::move(json));
                        answer.headers.Set("Cache-Control", "no-cache");
                        Finish(*exchange, std::move(answer));
                      },
                      now + held};
  // Other messages of the request are not to wait for news.
  const bool alone = exchange->messages.size() == 1;
  if (!alone) {
    connect.answer = [exchange](const std::string& json) {
      exchange->answers.push_back(json.substr(1, json.size() - 2));
    };
  }
  client->Connect(std::move(connect), !alone || held.count() == 0 || closing_, now);
  if (alone) Wake();
  return alone;
}

void StreamingDoor::Subscribe(Exchange& exchange, const BayeuxMessage& message) {
  const auto client = ClientOf(exchange, message);
  if (!client) return;
  std::vector<std::string> channels = message.subscriptions;
  if (channels.empty()) channels.emplace_back();
  for (const std::string& channel : channels) {
    BayeuxReply reply{.client_id = message.client_id, .subscription = channel};
    auto found = channels_.Find(channel, ReplayOf(message, channel), exchange.session->user_id);
    if (auto* error = std::get_if<std::string>(&found)) {
      reply.error = std::move(*error);
    } else {
      client->Subscribe(std::get<StreamClient::Wish>(std::move(found)));
    }
    exchange.Say(message, reply);
  }
  Wake();
}

void StreamingDoor::Unsubscribe(Exchange& exchange, const BayeuxMessage& message) {
  const auto client = ClientOf(exchange, message);
  if (!client) return;
  for (const std::string& channel : message.subscriptions) {
    client->Unsubscribe(channel);
    exchange.Say(message, {.client_id = message.client_id, .subscription = channel});
  }
  if (message.subscriptions.empty()) {
    exchange.Say(message,
                 {.client_id = message.client_id, .error = "400::Channel name not specified"});
  }
}

void StreamingDoor::Disconnect(Exchange& exchange, const BayeuxMessage& message) {
  const auto client = ClientOf(exchange, message);
  if (!client) return;
  client->Release();
  clients_.Forget(message.client_id);
  exchange.Say(message, {.client_id = message.client_id});
}

}  // namespace firn::sandbox
