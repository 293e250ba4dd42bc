// The streaming methods as gRPC reactors, made by the door's service. Private to the door.
//
// A stream lives from its making to OnDone; gRPC's threads and the pump's enter it, one mutex
// guards it. Nothing blocks inside a callback of gRPC: whatever touches the store happens in Step.
#pragma once

#include <atomic>
#include <mutex>
#include <set>

#include "sandbox/pubsub/call_gate.h"
#include "sandbox/pubsub/publisher.h"
#include "sandbox/pubsub/pump.h"
#include "sandbox/pubsub/wire.h"

namespace firn::sandbox {

// Source: Pub/Sub API guide, 'Pub/Sub API Allocations' (1,000 streams a connection), read 2026-11.
inline constexpr size_t kStreamsMax = 1000;

struct StreamParts {
  CallGate& gate;
  Pump& pump;
  std::mutex managed_mutex;
  std::set<std::string> managed_active;  // ids of managed subscriptions with a stream
};

// What the three streaming methods share: reading, finishing, and how they live and die.
template <typename Request, typename Response>
class StreamBase : public grpc::ServerBidiReactor<Request, Response>, public Pumped {
 public:
  StreamBase(StreamParts& parts, grpc::CallbackServerContext& context, std::string_view method)
      : parts_(parts), context_(context), call_(parts.gate.Open(method)) {}

  // To be called once, with the pointer that keeps the stream.
  void Begin(std::shared_ptr<StreamBase> self) {
    self_ = std::move(self);
    parts_.pump.Add(self_);
    const std::lock_guard lock(mutex_);
    if (auto error = parts_.gate.Admit(MetadataOf(context_), call_)) return FinishLocked(*error);
    if (parts_.pump.size() > kStreamsMax) {
      return FinishLocked({RpcStatus::kResourceExhausted, "concurrent.client.limit.exceeded",
                           "The maximum number of concurrent clients was exceeded."});
    }
    this->StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    {
      const std::lock_guard lock(mutex_);
      (ok ? has_request_ : half_closed_) = true;
    }
    parts_.pump.Wake(this);
  }
  void OnWriteDone(bool ok) override {
    {
      const std::lock_guard lock(mutex_);
      writing_ = false;
      if (!ok) FinishLocked({RpcStatus::kCancelled, "", "The client went away."});
    }
    parts_.pump.Wake(this);
  }
  void OnCancel() override {
    const std::lock_guard lock(mutex_);
    FinishLocked({RpcStatus::kCancelled, "", "The call was cancelled."});
  }
  void OnDone() override {
    parts_.pump.Remove(this);
    Ended();
    self_.reset();
  }

  SteadyTime Step(SteadyTime now) override {
    const std::lock_guard lock(mutex_);
    return finished_ ? SteadyTime::max() : StepLocked(now);
  }

 protected:
  virtual SteadyTime StepLocked(SteadyTime now) = 0;
  virtual void Ended() {}

  void FinishLocked(const RpcError& error) {
    if (finished_) return;
    finished_ = true;
    parts_.gate.Log(call_, error.status, sent_bytes_);
    this->Finish(StatusOf(context_, error, call_.rpc_id));
  }
  void WriteLocked() {
    writing_ = true;
    sent_bytes_ += static_cast<int64_t>(response_.ByteSizeLong());
    this->StartWrite(&response_);
  }
  void ReadOnLocked() {
    has_request_ = false;
    this->StartRead(&request_);
  }

  StreamParts& parts_;
  grpc::CallbackServerContext& context_;
  std::mutex mutex_;
  RpcCall call_;
  Request request_;
  Response response_;
  bool has_request_ = false;
  bool half_closed_ = false;
  bool writing_ = false;
  bool finished_ = false;
  int64_t sent_bytes_ = 0;

 private:
  std::shared_ptr<StreamBase> self_;
};

using SubscribeReactor =
    grpc::ServerBidiReactor<eventbus::v1::FetchRequest, eventbus::v1::FetchResponse>;
using PublishReactor =
    grpc::ServerBidiReactor<eventbus::v1::PublishRequest, eventbus::v1::PublishResponse>;
using ManagedReactor =
    grpc::ServerBidiReactor<eventbus::v1::ManagedFetchRequest, eventbus::v1::ManagedFetchResponse>;

[[nodiscard]] SubscribeReactor* NewSubscribeStream(StreamParts& parts,
                                                   grpc::CallbackServerContext& context);
[[nodiscard]] PublishReactor* NewPublishStream(StreamParts& parts,
                                               grpc::CallbackServerContext& context);
[[nodiscard]] ManagedReactor* NewManagedStream(StreamParts& parts,
                                               grpc::CallbackServerContext& context);

// One PublishRequest in, what became of it out. Used by Publish and PublishStream.
[[nodiscard]] std::optional<RpcError> CarryOutPublish(const CallGate& gate,
                                                      const std::string& topic,
                                                      const eventbus::v1::PublishRequest& request,
                                                      const std::string& rpc_id,
                                                      eventbus::v1::PublishResponse& response);

}  // namespace firn::sandbox
