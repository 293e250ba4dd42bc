// ManagedSubscribe: a stream that begins where the org says, and tells it how far its events are
// done.
//
// One commit is on its way at a time; a newer wish takes the place of one that waits. A refused
// commit ends nothing. The org closes a stream on which nothing is committed for 1,800 seconds.
// Source: Pub/Sub API Developer Guide, "ManagedSubscribe RPC Method", "Managed Event
// Subscriptions", "Handle Errors"; read 2026-11.
#include <optional>

#include "ends/salesforce/internal/event_call.h"

namespace firn::salesforce {
namespace {

namespace wire = eventbus::v1;

constexpr size_t kIdBytesLong = 18;
constexpr size_t kIdBytesShort = 15;
constexpr size_t kReasonBytesMax = 300;

// Developer names begin with a letter, ids of this kind of record with a digit.
bool IsId(std::string_view name) {
  return (name.size() == kIdBytesLong || name.size() == kIdBytesShort) && name[0] >= '0' &&
         name[0] <= '9';
}

class ManagedCall final : public EventCall<wire::ManagedFetchRequest, wire::ManagedFetchResponse> {
 public:
  ManagedCall(const ManagedParts& parts, const Session& session, const SubscribeOptions& options)
      : EventCall(session, parts.tenant_id, options) {
    if (IsId(options.managed)) {
      request().set_subscription_id(options.managed);
    } else {
      request().set_developer_name(options.managed);
    }
    parts.stub->async()->ManagedSubscribe(&context(), this);
    Start();
  }

  void Commit(const std::string& replay_id) {
    const std::lock_guard lock(state()->mutex);
    wish_ = replay_id;
    ++commits_.asked;
    WriteNext();
  }
  [[nodiscard]] CommitState commits() const {
    const std::lock_guard lock(state()->mutex);
    return commits_;
  }

 private:
  bool Hear(const wire::ManagedFetchResponse& response) override {
    if (!response.has_commit_response()) return true;
    const wire::CommitReplayResponse& answer = response.commit_response();
    if (answer.commit_request_id() == std::to_string(under_way_)) {
      commits_.answered = under_way_;
      commits_.failed =
          answer.has_error() ? answer.error().msg().substr(0, kReasonBytesMax) + " (COMMIT)" : "";
      under_way_ = 0;
    }
    // What else it carries counts; alone it says nothing of how far the stream got.
    return response.events_size() > 0;
  }

  bool Say(wire::ManagedFetchRequest* request) override {
    if (under_way_ != 0 || !wish_) return false;
    under_way_ = commits_.asked;
    wire::CommitReplayRequest* commit = request->mutable_commit_replay_id_request();
    commit->set_commit_request_id(std::to_string(under_way_));
    commit->set_replay_id(*wish_);
    wish_.reset();
    return true;
  }

  std::optional<std::string> wish_;
  int64_t under_way_ = 0;
  CommitState commits_;
};

class ManagedStream final : public WireStream<ManagedCall> {
 public:
  using WireStream::WireStream;
  void Commit(const std::string& replay_id) override { stream_call().Commit(replay_id); }
  [[nodiscard]] CommitState commits() const override { return stream_call().commits(); }
};

}  // namespace

std::unique_ptr<EventStream> OpenManagedStream(const ManagedParts& parts, const Session& session,
                                               const SubscribeOptions& options) {
  return std::make_unique<ManagedStream>(std::make_unique<ManagedCall>(parts, session, options),
                                         parts.org, "managed subscription " + options.managed);
}

}  // namespace firn::salesforce
