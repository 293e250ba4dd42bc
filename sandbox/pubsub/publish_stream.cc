#include "sandbox/pubsub/streams.h"

namespace firn::sandbox {
namespace {

using eventbus::v1::PublishRequest;
using eventbus::v1::PublishResponse;

class PublishStream final : public StreamBase<PublishRequest, PublishResponse> {
 public:
  PublishStream(StreamParts& parts, grpc::CallbackServerContext& context)
      : StreamBase(parts, context, "PublishStream"),
        heard_at_(call_.began),
        sent_at_(call_.began) {}

 private:
  std::optional<RpcError> Handle() {
    if (topic_.empty()) {
      topic_ = request_.topic_name();
      if (auto error = parts_.gate.Strike(topic_, call_)) return error;
    } else if (!request_.topic_name().empty() && request_.topic_name() != topic_) {
      return RpcError{RpcStatus::kInvalidArgument, "publish.topic.mismatch",
                      "The topic name must be the same in all requests of a stream."};
    }
    return CarryOutPublish(parts_.gate, topic_, request_, call_.rpc_id, response_);
  }

  // One request after the other: its answer is on its way before the next is read.
  SteadyTime StepLocked(SteadyTime now) override {
    if (writing_) return SteadyTime::max();
    const EventSettings settings = parts_.gate.bus().settings();
    if (has_request_) {
      heard_at_ = now;
      if (auto error = Handle()) {
        FinishLocked(*error);
        return SteadyTime::max();
      }
      sent_at_ = now;
      WriteLocked();
      ReadOnLocked();
    } else if (half_closed_) {
      FinishLocked(RpcError{});
      return SteadyTime::max();
    } else if (now >= heard_at_ + settings.publish_timeout) {
      FinishLocked({RpcStatus::kUnavailable, "publish.stream.sweeper.timeout",
                    "The stream was closed: no PublishRequest came in time."});
      return SteadyTime::max();
    } else if (now >= sent_at_ + settings.keepalive) {
      response_.Clear();
      response_.set_rpc_id(call_.rpc_id);
      sent_at_ = now;
      WriteLocked();
    }
    return std::min(heard_at_ + settings.publish_timeout, sent_at_ + settings.keepalive);
  }

  std::string topic_;
  SteadyTime heard_at_;
  SteadyTime sent_at_;
};

}  // namespace

std::optional<RpcError> CarryOutPublish(const CallGate& gate, const std::string& topic,
                                        const PublishRequest& request, const std::string& rpc_id,
                                        PublishResponse& response) {
  std::vector<PublishedEvent> events;
  for (const auto& event : request.events()) {
    events.push_back({event.id(), event.schema_id(), event.payload()});
  }
  auto done = Publisher(gate.bus(), gate.parts().usage).Publish(topic, events);
  if (auto* error = std::get_if<RpcError>(&done)) return std::move(*error);
  auto& answer = std::get<PublishAnswer>(done);
  response.Clear();
  for (PublishOutcome& outcome : answer.outcomes) {
    auto* result = response.add_results();
    result->set_correlation_key(std::move(outcome.correlation_key));
    if (outcome.replay_id > 0) {
      result->set_replay_id(ReplayIdBytes(outcome.replay_id));
    } else {
      result->mutable_error()->set_code(eventbus::v1::PUBLISH);
      result->mutable_error()->set_msg(std::move(outcome.message));
    }
  }
  response.set_schema_id(std::move(answer.schema_id));
  response.set_rpc_id(rpc_id);
  return std::nullopt;
}

PublishReactor* NewPublishStream(StreamParts& parts, grpc::CallbackServerContext& context) {
  return Started<PublishStream>(parts, context);
}

}  // namespace firn::sandbox
