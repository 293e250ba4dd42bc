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

// What the two subscribing methods share: wishes for events in, events out.
template <typename Request, typename Response>
class FetchStream : public StreamBase<Request, Response> {
 public:
  FetchStream(StreamParts& parts, grpc::CallbackServerContext& context, std::string_view method)
      : StreamBase<Request, Response>(parts, context, method),
        subscription_(parts.gate.bus(), parts.gate.parts().usage) {}

 protected:
  // Takes the request that has come. An error ends the stream.
  virtual std::optional<RpcError> Handle(SteadyTime now) = 0;
  // Writes what goes before events. False: there is nothing.
  virtual bool WriteFirst() { return false; }

  SteadyTime StepLocked(SteadyTime now) final {
    if (this->has_request_) {
      if (auto error = Handle(now)) {
        this->FinishLocked(*error);
        return SteadyTime::max();
      }
      this->ReadOnLocked();
    }
    if (this->half_closed_) {
      if (!begun_) this->FinishLocked(RpcError{});
      subscription_.HalfClose();
    }
    if (!begun_ || this->writing_ || this->finished_ || WriteFirst()) return SteadyTime::max();
    Subscription::Step step = subscription_.Next(now);
    if (step.send) {
      FillResponse(*std::move(step.send), this->call_.rpc_id, this->response_);
      this->WriteLocked();
    } else if (step.end) {
      this->FinishLocked(*step.end);
    } else if (step.reset) {
      this->context_.TryCancel();
    }
    return step.due;
  }

  Subscription subscription_;
  bool begun_ = false;
};

// Makes the stream and begins it; it keeps itself.
template <typename Stream>
[[nodiscard]] Stream* Started(StreamParts& parts, grpc::CallbackServerContext& context) {
  auto stream = std::make_shared<Stream>(parts, context);
  stream->Begin(stream);
  return stream.get();
}

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
