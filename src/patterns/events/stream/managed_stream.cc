#include "patterns/events/stream/managed_stream.h"

#include <algorithm>

namespace firn::events {
namespace {

using From = salesforce::ReplayPosition::From;
using salesforce::EventBatchPtr;

constexpr size_t kRemembered = 65'536;
// How long the plain stream is waited for before the managed one is looked at again, and how much
// of that is passed at a time.
constexpr auto kLook = std::chrono::milliseconds(100);
constexpr int kBatchesAtOnce = 100;

// No batch once the time is over; before, another round.
std::optional<EventBatchPtr> NothingYet(const Call& call, SteadyTime until) {
  if (call.clock->Steady() < until) return std::nullopt;
  return EventBatchPtr();
}

// Some of a batch's events.
class PartOfBatch final : public salesforce::EventBatch {
 public:
  PartOfBatch(EventBatchPtr whole, size_t from, size_t to)
      : whole_(std::move(whole)), from_(from), to_(to) {}
  [[nodiscard]] size_t size() const override { return to_ - from_; }
  [[nodiscard]] salesforce::EventView at(size_t index) const override {
    return whole_->at(from_ + index);
  }
  [[nodiscard]] std::string_view latest_replay_id() const override {
    return whole_->at(to_ - 1).replay_id;
  }
  [[nodiscard]] size_t bytes() const override { return whole_->bytes(); }

 private:
  const EventBatchPtr whole_;
  const size_t from_;
  const size_t to_;
};

}  // namespace

void ManagedStream::Recent::Add(std::string_view text) {
  const auto [at, is_new] = known_.emplace(text);
  if (!is_new) return;
  order_.push_back(*at);
  if (order_.size() <= kRemembered) return;
  known_.erase(order_.front());
  order_.pop_front();
}

void ManagedStream::Recent::Clear() {
  known_.clear();
  order_.clear();
}

Result<std::unique_ptr<salesforce::Subscription>> ManagedStream::Open(
    salesforce::PubSub& pubsub, ManagedStreamOptions options) {
  std::unique_ptr<ManagedStream> stream(new ManagedStream(pubsub, std::move(options)));
  salesforce::SubscribeOptions wish = stream->options_.wish;
  wish.note = [mine = stream.get()](const salesforce::StreamNote& note) {
    using What = salesforce::StreamNote::What;
    if (note.what == What::kEnded || note.what == What::kSilent) mine->broken_ = true;
    if (note.what == What::kOpened) mine->broken_ = false;
    if (mine->options_.wish.note) mine->options_.wish.note(note);
  };
  FIRN_TRY(stream->managed_, pubsub.Subscribe(std::move(wish)));
  return std::unique_ptr<salesforce::Subscription>(std::move(stream));
}

ManagedStream::ManagedStream(salesforce::PubSub& pubsub, ManagedStreamOptions options)
    : pubsub_(pubsub),
      options_(std::move(options)),
      position_(options_.wish.start),
      has_position_(options_.has_position) {}

Result<EventBatchPtr> ManagedStream::Next(const Call& call, SteadyTime until) {
  while (true) {
    const bool fresh = managed_->streams_opened() != streams_seen_ || broken_;
    if (plain_ == nullptr && has_position_ && (fresh || streams_seen_ == 0)) {
      FIRN_CHECK(BeginSplice());
    }
    if (plain_ != nullptr) {
      FIRN_TRY(auto round, Splice(call, until));
      if (round) return *std::move(round);
      continue;
    }
    FIRN_TRY(EventBatchPtr batch, FromManaged(call, until));
    // A batch of a stream that was opened meanwhile may be from anywhere.
    if (has_position_ && managed_->streams_opened() != streams_seen_) {
      held_ = std::move(batch);
      held_at_ = 0;
      continue;
    }
    streams_seen_ = managed_->streams_opened();
    return HandOut(std::move(batch));
  }
}

Result<void> ManagedStream::BeginSplice() {
  managed_at_.reset();
  plain_at_.reset();
  if (position_.from == From::kAfter) plain_at_ = position_.replay_id;
  passed_.Clear();
  ahead_ = false;
  salesforce::SubscribeOptions wish = options_.wish;
  wish.managed.clear();
  wish.start = position_;
  FIRN_TRY(plain_, pubsub_.Subscribe(std::move(wish)));
  ++plain_opened_;
  streams_seen_ = std::max<int64_t>(1, managed_->streams_opened());
  return {};
}

Result<EventBatchPtr> ManagedStream::FromManaged(const Call& call, SteadyTime until) {
  if (held_ == nullptr) return managed_->Next(call, until);
  EventBatchPtr rest = std::exchange(held_, nullptr);
  if (held_at_ == 0) return rest;
  const size_t size = rest->size();
  return EventBatchPtr(std::make_shared<PartOfBatch>(std::move(rest), held_at_, size));
}

// What is handed out is ours from here on.
EventBatchPtr ManagedStream::HandOut(EventBatchPtr batch) {
  if (batch == nullptr) return batch;
  std::string_view at;
  if (batch->caught_up()) at = batch->latest_replay_id();
  if (batch->size() > 0) at = batch->at(batch->size() - 1).replay_id;
  if (!at.empty()) {
    position_ = {From::kAfter, std::string(at)};
    has_position_ = true;
  }
  return batch;
}

Result<std::optional<EventBatchPtr>> ManagedStream::Splice(const Call& call, SteadyTime until) {
  FIRN_CHECK(DrawManaged(call));
  if (InStep()) {
    EndSplice();
    return std::optional<EventBatchPtr>();
  }
  return DrawPlain(call, until);
}

// Passes over what the managed stream has at hand: while the two are spliced, the plain one tells
// it all. Stops where the plain one stands; and once it is known to be ahead, waits for that.
Result<void> ManagedStream::DrawManaged(const Call& call) {
  for (int batches = 0; batches < kBatchesAtOnce && !ahead_ && !InStep(); ++batches) {
    if (held_ == nullptr) {
      FIRN_TRY(EventBatchPtr batch, managed_->Next(call, call.clock->Steady()));
      if (managed_->streams_opened() > streams_seen_) {
        streams_seen_ = managed_->streams_opened();
        managed_at_.reset();
        passed_.Clear();
      }
      if (batch == nullptr) return {};
      if (batch->size() == 0) {
        if (batch->caught_up()) managed_at_ = std::string(batch->latest_replay_id());
        continue;
      }
      held_ = std::move(batch);
      held_at_ = 0;
    }
    PassManaged();
  }
  return {};
}

void ManagedStream::PassManaged() {
  while (held_at_ < held_->size()) {
    managed_at_ = std::string(held_->at(held_at_++).replay_id);
    passed_.Add(*managed_at_);
    if (InStep()) break;
  }
  if (held_at_ == held_->size()) held_.reset();
}

Result<std::optional<EventBatchPtr>> ManagedStream::DrawPlain(const Call& call, SteadyTime until) {
  const SteadyTime look = call.clock->Steady() + kLook;
  FIRN_TRY(EventBatchPtr batch, plain_->Next(call, std::min(until, look)));
  if (batch == nullptr) return NothingYet(call, until);
  if (batch->size() == 0) {
    if (batch->caught_up()) plain_at_ = std::string(batch->latest_replay_id());
    const bool told = InStep() || !batch->caught_up() || !options_.patient;
    if (InStep()) EndSplice();
    if (told) return std::optional<EventBatchPtr>(HandOut(std::move(batch)));
    return NothingYet(call, until);
  }
  for (size_t i = 0; i < batch->size(); ++i) {
    plain_at_ = std::string(batch->at(i).replay_id);
    if (InStep()) {
      EndSplice();
      // What comes behind it, the managed stream tells.
      batch = std::make_shared<PartOfBatch>(std::move(batch), 0, i + 1);
      break;
    }
    if (passed_.Has(*plain_at_)) ahead_ = true;
  }
  return std::optional<EventBatchPtr>(HandOut(std::move(batch)));
}

void ManagedStream::EndSplice() {
  plain_.reset();
  passed_.Clear();
  if (options_.tell) options_.tell("the managed subscription goes on from here");
  if (!wish_.empty()) managed_->Commit(wish_);
}

void ManagedStream::Commit(const std::string& replay_id) {
  wish_ = replay_id;
  if (plain_ == nullptr && !broken_) managed_->Commit(replay_id);
}

}  // namespace firn::events
