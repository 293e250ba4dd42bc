// What happens to every call of the Pub/Sub API before and after its method: the caller is looked
// up, faults strike, the request log gets a line. No wire in it; thread-safe as far as its parts
// are.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sandbox/api_request.h"
#include "sandbox/events/event_bus.h"
#include "sandbox/pubsub/caller.h"
#include "sandbox/pubsub/rpc_error.h"
#include "sandbox/pubsub/subscription.h"

namespace firn::sandbox {

// A call under way.
struct RpcCall {
  std::string method;  // `Subscribe`
  std::string rpc_id;
  std::string topic;
  Session session;
  SteadyTime began{};
  std::vector<std::string> faults;
  SubscriptionFaults subscription;
  bool logged = false;
};

class CallGate {
 public:
  CallGate(ApiParts& parts, EventBus& bus) : parts_(parts), bus_(bus) {}

  [[nodiscard]] RpcCall Open(std::string_view method) const;
  // Who calls; an error ends the call.
  [[nodiscard]] std::optional<RpcError> Admit(const CallMetadata& metadata, RpcCall& call) const;
  // The faults that strike this call, once its topic is known. Those of the stream are kept in the
  // call; an error ends it.
  [[nodiscard]] std::optional<RpcError> Strike(const std::string& topic, RpcCall& call) const;
  // A line for the request log; once a call.
  void Log(RpcCall& call, RpcStatus status, int64_t bytes) const;
  [[nodiscard]] EventBus& bus() const { return bus_; }
  [[nodiscard]] ApiParts& parts() const { return parts_; }

 private:
  ApiParts& parts_;
  EventBus& bus_;
};

}  // namespace firn::sandbox
