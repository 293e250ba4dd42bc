#include "sandbox/pubsub/call_gate.h"

#include "core/base/random.h"
#include "sandbox/life/admin.h"

namespace firn::sandbox {
namespace {

constexpr std::string_view kService = "/eventbus.v1.PubSub/";

// The HTTP status that says the same, so that one log holds both kinds of request.
int HttpStatus(RpcStatus status) {
  switch (status) {
    case RpcStatus::kOk:
      return 200;
    case RpcStatus::kCancelled:
      return 499;
    case RpcStatus::kInvalidArgument:
    case RpcStatus::kFailedPrecondition:
      return 400;
    case RpcStatus::kNotFound:
      return 404;
    case RpcStatus::kAlreadyExists:
      return 409;
    case RpcStatus::kPermissionDenied:
      return 403;
    case RpcStatus::kResourceExhausted:
      return 429;
    case RpcStatus::kInternal:
      return 500;
    case RpcStatus::kUnavailable:
      return 503;
    case RpcStatus::kUnauthenticated:
      return 401;
  }
  return 500;
}

}  // namespace

RpcCall CallGate::Open(std::string_view method) const {
  RpcCall call;
  call.method = method;
  call.rpc_id = NewUuid(SystemRandom());
  call.began = parts_.clock.Steady();
  return call;
}

std::optional<RpcError> CallGate::Admit(const CallMetadata& metadata, RpcCall& call) const {
  auto caller = FindCaller(parts_.sessions, parts_.org.org_id(), metadata);
  if (auto* error = std::get_if<RpcError>(&caller)) return std::move(*error);
  call.session = std::get<Session>(std::move(caller));
  return std::nullopt;
}

std::optional<RpcError> CallGate::Strike(const std::string& topic, RpcCall& call) const {
  call.topic = topic;
  const std::string path = std::string(kService) + call.method;
  std::optional<RpcError> error;
  for (const FaultEffect& fault : parts_.faults.Strike("GRPC", path, path + "?topic=" + topic)) {
    call.faults.push_back(fault.name);
    switch (fault.kind) {
      case FaultKind::kStatus:
        error = RpcError{
            RpcStatus::kUnavailable, fault.code.empty() ? "service.unavailable" : fault.code,
            fault.message.empty() ? "The service is unavailable. Try again later." : fault.message};
        break;
      case FaultKind::kStreamReset:
        call.subscription.reset_after = fault.events;
        break;
      case FaultKind::kSilentStream:
        call.subscription.silent = true;
        break;
      case FaultKind::kReplayRefused:
        call.subscription.replay_refused = true;
        break;
      case FaultKind::kBadEvent:
        call.subscription.undecodable_after = fault.events;
        break;
      default:
        CarryOut(parts_, fault);
    }
  }
  return error;
}

void CallGate::Log(RpcCall& call, RpcStatus status, int64_t bytes) const {
  if (call.logged) return;
  call.logged = true;
  RequestLine line;
  line.at = parts_.clock.Now();
  line.method = "GRPC";
  line.path = std::string(kService) + call.method;
  line.query = call.topic;
  if (const auto app = parts_.apps.Find(call.session.client_id)) line.client = app->name;
  line.username = call.session.user_id;
  line.status = HttpStatus(status);
  line.bytes = bytes;
  line.micros =
      std::chrono::duration_cast<std::chrono::microseconds>(parts_.clock.Steady() - call.began)
          .count();
  line.faults = call.faults;
  parts_.log.Add(std::move(line));
}

}  // namespace firn::sandbox
