#include "sandbox/pubsub/streams.h"

namespace firn::sandbox {
namespace {

using eventbus::v1::FetchRequest;
using eventbus::v1::FetchResponse;

class SubscribeStream final : public StreamBase<FetchRequest, FetchResponse> {
 public:
  SubscribeStream(StreamParts& parts, grpc::CallbackServerContext& context)
      : StreamBase(parts, context, "Subscribe"),
        subscription_(parts.gate.bus(), parts.gate.parts().usage) {}

 private:
  std::optional<RpcError> Handle(SteadyTime now) {
    if (begun_) return subscription_.Fetch(request_.topic_name(), request_.num_requested());
    if (auto error = parts_.gate.Strike(request_.topic_name(), call_)) return error;
    begun_ = true;
    const FetchWish wish{request_.topic_name(), static_cast<ReplayPreset>(request_.replay_preset()),
                         request_.replay_id(), request_.num_requested()};
    return subscription_.Begin(wish, call_.subscription, now);
  }

  SteadyTime StepLocked(SteadyTime now) override {
    if (has_request_) {
      if (auto error = Handle(now)) {
        FinishLocked(*error);
        return SteadyTime::max();
      }
      ReadOnLocked();
    }
    if (half_closed_) {
      if (!begun_) FinishLocked(RpcError{});
      subscription_.HalfClose();
    }
    if (!begun_ || writing_ || finished_) return SteadyTime::max();
    Subscription::Step step = subscription_.Next(now);
    if (step.send) {
      FillResponse(*std::move(step.send), call_.rpc_id, response_);
      WriteLocked();
    } else if (step.end) {
      FinishLocked(*step.end);
    } else if (step.reset) {
      context_.TryCancel();
    }
    return step.due;
  }

  Subscription subscription_;
  bool begun_ = false;
};

}  // namespace

SubscribeReactor* NewSubscribeStream(StreamParts& parts, grpc::CallbackServerContext& context) {
  auto stream = std::make_shared<SubscribeStream>(parts, context);
  stream->Begin(stream);
  return stream.get();
}

}  // namespace firn::sandbox
