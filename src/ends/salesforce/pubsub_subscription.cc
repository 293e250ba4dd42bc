// The life of a subscription: one stream after the other, each behind the last event of the one
// before. Time is the call's clock, waiting is the stream's: a test owns both.
#include <algorithm>
#include <utility>

#include "core/base/log.h"
#include "ends/salesforce/internal/pubsub_stream.h"

namespace firn::salesforce {

int Credits::Ask(size_t events_waiting, size_t bytes_waiting) {
  if (bytes_waiting >= bytes_max_) return 0;
  const size_t held = events_waiting + static_cast<size_t>(outstanding_);
  if (held >= events_max_) return 0;
  const int ask = std::min(most_ - outstanding_,
                           static_cast<int>(std::min<size_t>(events_max_ - held, 1'000'000)));
  if (ask <= 0 || (outstanding_ > most_ / 2 && ask < most_ / 4)) return 0;
  outstanding_ += ask;
  return ask;
}

namespace {

using std::chrono::milliseconds;

// A session that is refused again right after it was renewed is not about its age.
constexpr int kRenewalsInARowMax = 2;

class LastingSubscription final : public Subscription {
 public:
  LastingSubscription(SubscribeOptions options, StreamOpener& opener, TokenSource& tokens,
                      std::function<void()> closed)
      : options_(std::move(options)),
        opener_(opener),
        tokens_(tokens),
        closed_(std::move(closed)),
        position_(options_.start) {}
  LastingSubscription(const LastingSubscription&) = delete;
  LastingSubscription& operator=(const LastingSubscription&) = delete;
  ~LastingSubscription() override {
    stream_.reset();
    if (closed_) closed_();
  }

  Result<EventBatchPtr> Next(const Call& call, SteadyTime until) override {
    while (true) {
      FIRN_CHECK(call.Check());
      if (stream_ == nullptr) {
        FIRN_TRY(const bool open, OpenInTime(call, until));
        if (!open) return EventBatchPtr();
        if (stream_ == nullptr) continue;
      }
      const SteadyTime dead = heard_ + options_.silence_max;
      auto batch = stream_->Read(call, std::min(until, dead));
      if (!batch) {
        FIRN_CHECK(Ended(call, std::move(batch).error()));
        continue;
      }
      if (*batch != nullptr) {
        Heard(call, **batch);
        return batch;
      }
      FIRN_CHECK(call.Check());
      if (call.clock->Steady() >= dead) {
        FIRN_CHECK(Silent(call));
      } else if (call.clock->Steady() >= until) {
        return EventBatchPtr();
      }
    }
  }

  const ReplayPosition& position() const override { return position_; }
  int64_t streams_opened() const override { return opened_; }
  // Between two streams nobody hears it: the next one begins before it, and it is told again.
  void Commit(const std::string& replay_id) override {
    if (stream_ != nullptr) stream_->Commit(replay_id);
  }
  CommitState commits() const override {
    return stream_ == nullptr ? CommitState{} : stream_->commits();
  }

 private:
  // True: go on (there is a stream, or the try failed and was dealt with). False: `until` comes
  // before the next try is due.
  Result<bool> OpenInTime(const Call& call, SteadyTime until) {
    if (call.clock->Steady() < try_at_) {
      const SteadyTime wake = std::min(until, try_at_);
      if (!call.clock->SleepUntil(wake, call.stop)) {
        FIRN_CHECK(call.Check());
      }
      if (call.clock->Steady() < try_at_) return false;
    }
    FIRN_TRY(session_, tokens_.Get(call));
    auto stream = opener_.Open(session_, options_, position_);
    if (!stream) {
      FIRN_CHECK(Ended(call, std::move(stream).error()));
      return true;
    }
    stream_ = *std::move(stream);
    ++opened_;
    heard_ = call.clock->Steady();
    Note({StreamNote::What::kOpened, "", {}});
    return true;
  }

  void Heard(const Call& call, const EventBatch& batch) {
    heard_ = call.clock->Steady();
    tries_ = renewals_ = 0;
    std::string_view at;
    if (batch.caught_up()) at = batch.latest_replay_id();
    if (batch.size() > 0) at = batch.at(batch.size() - 1).replay_id;
    if (!at.empty()) position_ = {ReplayPosition::From::kAfter, std::string(at)};
  }

  Result<void> Ended(const Call& call, Error error) {
    stream_.reset();  // gone before the next one begins: never two at once
    FIRN_CHECK(call.Check());
    if (error.code() == "SF-STREAM-002") return Renew(call, std::move(error));
    const bool again = error.code() == "SF-STREAM-001" || error.code() == "SF-STREAM-015" ||
                       error.kind() == Kind::kTimeout;
    if (!again) return Fail(std::move(error));
    return TryLater(call, StreamNote::What::kEnded, std::move(error));
  }

  Result<void> Renew(const Call& call, Error error) {
    if (++renewals_ > kRenewalsInARowMax) return Fail(std::move(error));
    FIRN_TRY(session_, tokens_.Renew(call, session_));
    Note({StreamNote::What::kSessionRenewed, error.why(), {}});
    return {};
  }

  Result<void> Silent(const Call& call) {
    stream_.reset();
    Error error(Kind::kTimeout, "SF-STREAM-008", "an event stream went silent");
    error =
        std::move(error).At(options_.topic).Because("no event and no sign of life came in time");
    return TryLater(call, StreamNote::What::kSilent, std::move(error));
  }

  Result<void> TryLater(const Call& call, StreamNote::What what, Error error) {
    if (tries_ >= options_.backoff.attempts_max) return Fail(std::move(error));
    const milliseconds wait = options_.backoff.Wait(tries_++, *call.random);
    try_at_ = call.clock->Steady() + wait;
    Note({what, error.why(), wait});
    return {};
  }

  void Note(const StreamNote& note) const {
    log::Debug("salesforce.stream", {{"topic", options_.topic},
                                     {"what", static_cast<int64_t>(note.what)},
                                     {"why", note.why},
                                     {"again_ms", static_cast<int64_t>(note.again.count())}});
    if (options_.note) options_.note(note);
  }

  const SubscribeOptions options_;
  StreamOpener& opener_;
  TokenSource& tokens_;
  const std::function<void()> closed_;
  ReplayPosition position_;
  std::unique_ptr<EventStream> stream_;
  Session session_;
  SteadyTime heard_{};
  SteadyTime try_at_{};
  int tries_ = 0;
  int renewals_ = 0;
  int64_t opened_ = 0;
};

}  // namespace

std::unique_ptr<Subscription> NewSubscription(SubscribeOptions options, StreamOpener& opener,
                                              TokenSource& tokens, std::function<void()> closed) {
  return std::make_unique<LastingSubscription>(std::move(options), opener, tokens,
                                               std::move(closed));
}

}  // namespace firn::salesforce
