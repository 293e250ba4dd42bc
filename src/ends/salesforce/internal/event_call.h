// A stream of events on gRPC's side: what Subscribe and ManagedSubscribe have in common. Private to
// the room.
#pragma once

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "ends/salesforce/internal/held_call.h"

namespace firn::salesforce {

inline constexpr auto kStreamWaitSlice = std::chrono::milliseconds(200);  // how soon a stop is seen

template <typename Response>
class WireBatch final : public EventBatch {
 public:
  [[nodiscard]] size_t size() const override { return static_cast<size_t>(response.events_size()); }
  [[nodiscard]] EventView at(size_t index) const override {
    const auto& event = response.events(static_cast<int>(index));
    return {event.event().id(), event.event().schema_id(), event.event().payload(),
            event.replay_id()};
  }
  [[nodiscard]] std::string_view latest_replay_id() const override {
    return response.latest_replay_id();
  }
  [[nodiscard]] size_t bytes() const override { return bytes_; }
  [[nodiscard]] bool caught_up() const override {
    return size() == 0 && response.pending_num_requested() > 0;
  }
  void Measure() { bytes_ = response.ByteSizeLong(); }

  Response response;

 private:
  size_t bytes_ = 0;
};

struct EventCallState : HeldCallState {
  explicit EventCallState(const SubscribeOptions& options)
      : credits(std::min(options.credits_max, 100), options.events_waiting_max,
                options.bytes_waiting_max) {}
  std::deque<EventBatchPtr> batches;
  size_t events = 0;
  size_t bytes = 0;
  Credits credits;
  bool writing = false;
};

template <typename Request, typename Response>
class EventCall : public HeldCall<Request, Response, EventCallState> {
 public:
  using Batch = WireBatch<Response>;

  EventCall(const Session& session, const std::string& tenant, const SubscribeOptions& options)
      : HeldCall<Request, Response, EventCallState>(session, tenant,
                                                    std::make_shared<EventCallState>(options)) {}

  void OnReadDone(bool ok) override {
    if (!ok) {
      this->Close();
      return;
    }
    {
      const std::lock_guard lock(this->state()->mutex);
      if (Hear(batch_->response)) Keep();
      WriteNext();
    }
    batch_ = std::make_shared<Batch>();
    this->StartRead(&batch_->response);
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(this->state()->mutex);
    this->state()->writing = false;
    if (ok) WriteNext();
  }

  // With the state locked: more credits, and what else waits to be told.
  void WriteNext() {
    EventCallState& state = *this->state();
    if (state.writing || state.closing) return;
    request_.Clear();
    const int ask = state.credits.Ask(state.events, state.bytes);
    if (!Say(&request_) && ask == 0) return;
    request_.set_num_requested(ask);
    state.writing = true;
    this->StartWrite(&request_);
  }

 protected:
  // Whether the answer is for the owner. With the state locked.
  virtual bool Hear(const Response& /*response*/) { return true; }
  // Adds to a request what is to be told; false: nothing. With the state locked.
  virtual bool Say(Request* /*request*/) { return false; }

  [[nodiscard]] Request& request() { return request_; }

  // Once the call is bound and the first request filled.
  void Start() {
    request_.set_num_requested(this->state()->credits.Ask(0, 0));
    this->state()->writing = true;
    batch_ = std::make_shared<Batch>();
    this->AddHold();  // the owner's thread asks for more events too
    this->StartWrite(&request_);
    this->StartRead(&batch_->response);
    this->StartCall();
  }

 private:
  void Keep() {
    EventCallState& state = *this->state();
    batch_->Measure();
    state.credits.Received(batch_->size());
    state.events += batch_->size();
    state.bytes += batch_->bytes();
    // A sign of life behind another one says the same, later.
    const bool replaces =
        batch_->size() == 0 && !state.batches.empty() && state.batches.back()->size() == 0;
    if (replaces) {
      state.bytes -= state.batches.back()->bytes();
      state.batches.pop_back();
    }
    state.batches.push_back(std::move(batch_));
    state.changed.notify_all();
  }

  Request request_;
  std::shared_ptr<Batch> batch_;
};

template <typename StreamCall>
class WireStream : public EventStream {
 public:
  WireStream(std::unique_ptr<StreamCall> call, std::string org, std::string about)
      : call_(std::move(call)), org_(std::move(org)), about_(std::move(about)) {}
  WireStream(const WireStream&) = delete;
  WireStream& operator=(const WireStream&) = delete;
  ~WireStream() override { call_->CancelAndWait(); }

  Result<EventBatchPtr> Read(const Call& call, SteadyTime until) override {
    const auto& state = call_->state();
    std::unique_lock lock(state->mutex);
    while (state->batches.empty() && !state->done) {
      const SteadyTime now = call.clock->Steady();
      if (now >= until || call.stop.stop_requested()) return EventBatchPtr();
      const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(until - now);
      state->changed.wait_for(lock, std::min<std::chrono::nanoseconds>(left, kStreamWaitSlice));
    }
    if (state->batches.empty()) return Fail(ErrorOfEnd(state->end, org_, about_));
    EventBatchPtr batch = std::move(state->batches.front());
    state->batches.pop_front();
    state->events -= batch->size();
    state->bytes -= batch->bytes();
    call_->WriteNext();
    return batch;
  }

 protected:
  [[nodiscard]] StreamCall& stream_call() { return *call_; }
  [[nodiscard]] const StreamCall& stream_call() const { return *call_; }

 private:
  std::unique_ptr<StreamCall> call_;
  const std::string org_;
  const std::string about_;
};

// What a managed stream stands on; everything outlives it.
struct ManagedParts {
  std::string org;
  std::string tenant_id;
  eventbus::v1::PubSub::Stub* stub = nullptr;
};
[[nodiscard]] std::unique_ptr<EventStream> OpenManagedStream(const ManagedParts& parts,
                                                             const Session& session,
                                                             const SubscribeOptions& options);

}  // namespace firn::salesforce
