#include "sandbox/pubsub/streams.h"

namespace firn::sandbox {
namespace {

using eventbus::v1::FetchRequest;
using eventbus::v1::FetchResponse;

class SubscribeStream final : public FetchStream<FetchRequest, FetchResponse> {
 public:
  SubscribeStream(StreamParts& parts, grpc::CallbackServerContext& context)
      : FetchStream(parts, context, "Subscribe") {}

 private:
  std::optional<RpcError> Handle(SteadyTime now) override {
    if (begun_) return subscription_.Fetch(request_.topic_name(), request_.num_requested());
    if (auto error = parts_.gate.Strike(request_.topic_name(), call_)) return error;
    begun_ = true;
    const FetchWish wish{request_.topic_name(), static_cast<ReplayPreset>(request_.replay_preset()),
                         request_.replay_id(), request_.num_requested()};
    return subscription_.Begin(wish, call_.subscription, now);
  }
};

}  // namespace

SubscribeReactor* NewSubscribeStream(StreamParts& parts, grpc::CallbackServerContext& context) {
  return Started<SubscribeStream>(parts, context);
}

}  // namespace firn::sandbox
