// ManagedSubscribe: a subscription whose position the org keeps.
// Source: Pub/Sub API guide, 'ManagedSubscribe RPC Method (Beta)', 'Handle Errors'; the comments of
// the vendor's proto; read 2026-11.
#include "sandbox/pubsub/streams.h"

namespace firn::sandbox {
namespace {

using eventbus::v1::ManagedFetchRequest;
using eventbus::v1::ManagedFetchResponse;

RpcError Refused(RpcStatus status, std::string_view code, std::string message) {
  return {status, "managed.subscription." + std::string(code), std::move(message)};
}

RpcError BadRequest(std::string_view code, std::string message) {
  return Refused(RpcStatus::kInvalidArgument, code, std::move(message));
}

class ManagedStream final : public FetchStream<ManagedFetchRequest, ManagedFetchResponse> {
 public:
  ManagedStream(StreamParts& parts, grpc::CallbackServerContext& context)
      : FetchStream(parts, context, "ManagedSubscribe") {}

 private:
  void Ended() override {
    const std::lock_guard lock(parts_.managed_mutex);
    if (!managed_.id.empty()) parts_.managed_active.erase(managed_.id);
  }

  std::optional<RpcError> Find(ManagedSubscription& found) const {
    const std::string& id = request_.subscription_id();
    const std::string& name = request_.developer_name();
    if (id.empty() == name.empty()) {
      return BadRequest("id.or.developer.name.empty",
                        "Specify either the subscription ID or the developer name.");
    }
    if (!id.empty() && id.size() != 15 && id.size() != 18) {
      return BadRequest("subscription.id.invalid",
                        "The subscription ID must be 15 or 18 characters.");
    }
    for (const ManagedSubscription& one : parts_.gate.bus().settings().managed) {
      const bool same = id.empty() ? one.developer_name == name : one.id.starts_with(id);
      if (!same) continue;
      found = one;
      return std::nullopt;
    }
    return Refused(RpcStatus::kNotFound,
                   id.empty() ? "developer.name.not.found" : "subscription.id.not.found",
                   "There is no managed subscription " + id + name + ".");
  }

  std::optional<RpcError> BeginManaged(SteadyTime now) {
    if (request_.has_commit_replay_id_request()) {
      return BadRequest("fetch.request.commit.request.restricted",
                        "The first request can't hold a commit request.");
    }
    ManagedSubscription found;
    if (auto error = Find(found)) return error;
    if (auto error = parts_.gate.Strike(found.topic, call_)) return error;
    if (!found.running) {
      return Refused(RpcStatus::kFailedPrecondition, "config.stopped",
                     "The managed subscription is in state STOP.");
    }
    auto topic = parts_.gate.bus().FindTopic(found.topic);
    if (!topic) {
      return RpcError{RpcStatus::kNotFound, "topic.not.found",
                      "The topic " + found.topic + " was not found."};
    }
    {
      const std::lock_guard lock(parts_.managed_mutex);
      if (!parts_.managed_active.insert(found.id).second) {
        return Refused(
            RpcStatus::kAlreadyExists, "already.active",
            "An active managed subscription with the same ID already exists. If a previous "
            "subscription with the same ID was stopped, there can be a delay before it expires. "
            "Try subscribing again later.");
      }
    }
    managed_ = std::move(found);
    const auto position = PositionOf(managed_);
    if (!position) {
      return RpcError{RpcStatus::kInternal, "service.unavailable",
                      "The service is unavailable. Try again later."};
    }
    subscription_.BeginAt(*std::move(topic), *position, call_.subscription, now);
    begun_ = true;
    return std::nullopt;
  }

  Result<int64_t> PositionOf(const ManagedSubscription& managed) {
    EventBus& bus = parts_.gate.bus();
    if (managed.committed > 0) {
      FIRN_TRY(const bool known, bus.log().IsKnown(managed.committed, bus.OldestMillis()));
      if (known) return managed.committed;
      return managed.recover_earliest ? bus.log().Earliest(bus.OldestMillis()) : bus.log().Tip();
    }
    return managed.from_earliest ? bus.log().Earliest(bus.OldestMillis()) : bus.log().Tip();
  }

  std::optional<RpcError> Handle(SteadyTime now) override {
    const int32_t requested = request_.num_requested();
    if (requested < 0) {
      return BadRequest("fetch.request.events.invalid",
                        "The number of requested events must not be below 0.");
    }
    if (!begun_) {
      if (auto error = BeginManaged(now)) return error;
    } else if (request_.has_commit_replay_id_request()) {
      // Several before an answer could be sent become one answer: to the last.
      commit_ = request_.commit_replay_id_request();
      commit_at_millis_ = parts_.gate.bus().NowMillis();
    } else if (requested == 0) {
      return BadRequest("fetch.request.invalid",
                        "A request must ask for events or commit a Replay ID.");
    }
    return requested > 0 ? subscription_.Fetch("", requested) : std::nullopt;
  }

  // Why it cannot be committed; empty: it was.
  std::string Commit(const eventbus::v1::CommitReplayRequest& commit) {
    EventBus& bus = parts_.gate.bus();
    const auto replay_id = ParseReplayId(commit.replay_id());
    if (!replay_id) return "The Replay ID is missing or invalid.";
    if (*replay_id > subscription_.position()) return "The event was not delivered yet.";
    if (*replay_id < managed_.committed) return "A later Replay ID was committed already.";
    const auto known = bus.log().IsKnown(*replay_id, bus.OldestMillis());
    if (!known || !*known) return "The Replay ID is invalid or outside of the retention window.";
    if (!bus.CommitManaged(managed_.id, *replay_id)) return "The Replay ID could not be committed.";
    managed_.committed = *replay_id;
    return "";
  }

  bool WriteFirst() override {
    if (!commit_) return false;
    const std::string failure = Commit(*commit_);
    FillResponse(EventBatch{{}, subscription_.position(), subscription_.pending()}, call_.rpc_id,
                 response_);
    auto* answer = response_.mutable_commit_response();
    answer->set_commit_request_id(commit_->commit_request_id());
    answer->set_replay_id(commit_->replay_id());
    answer->set_process_time(commit_at_millis_);
    if (!failure.empty()) {
      answer->mutable_error()->set_code(eventbus::v1::COMMIT);
      answer->mutable_error()->set_msg(failure);
    }
    commit_.reset();
    WriteLocked();
    return true;
  }

  ManagedSubscription managed_;
  std::optional<eventbus::v1::CommitReplayRequest> commit_;
  int64_t commit_at_millis_ = 0;
};

}  // namespace

ManagedReactor* NewManagedStream(StreamParts& parts, grpc::CallbackServerContext& context) {
  return Started<ManagedStream>(parts, context);
}

}  // namespace firn::sandbox
