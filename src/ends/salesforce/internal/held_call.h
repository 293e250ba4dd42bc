// A call of both directions whose owner writes from threads of its own, so that gRPC may not end it
// behind the owner's back: it is held from its start until it is closed. Private to the room.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

#include "ends/salesforce/internal/pubsub_wire.h"

namespace firn::salesforce {

// What the owner of a call and gRPC's threads share; calls add what they bring.
struct HeldCallState {
  std::mutex mutex;
  std::condition_variable changed;
  bool closing = false;  // nothing more is written
  bool done = false;
  StreamEnd end;
};

template <typename Request, typename Response, typename State>
class HeldCall : public grpc::ClientBidiReactor<Request, Response> {
 public:
  void OnDone(const grpc::Status& status) override {
    const auto state = state_;  // this object may go as soon as `done` is seen
    const std::lock_guard lock(state->mutex);
    state->end = EndOf(status, context_);
    state->done = true;
    state->changed.notify_all();
  }

  void Cancel() {
    context_.TryCancel();
    Close();
  }

  // Before this object goes.
  void CancelAndWait() {
    Cancel();
    std::unique_lock lock(state_->mutex);
    state_->changed.wait(lock, [this] { return state_->done; });
  }

  [[nodiscard]] const std::shared_ptr<State>& state() const { return state_; }

 protected:
  HeldCall(const Session& session, const std::string& tenant, std::shared_ptr<State> state)
      : state_(std::move(state)) {
    AddMetadata(context_, session, tenant);
  }

  // Gives the owner's hold back, once.
  void Close() {
    {
      const std::lock_guard lock(state_->mutex);
      if (state_->closing) return;
      state_->closing = true;
    }
    this->RemoveHold();
  }

  [[nodiscard]] grpc::ClientContext& context() { return context_; }

 private:
  grpc::ClientContext context_;
  const std::shared_ptr<State> state_;
};

}  // namespace firn::salesforce
