// PublishStream: one stream a topic, shared by all who publish to it; requests follow one another
// without waiting for answers, and each answer finds its request by the id of its first event.
//
// gRPC's threads do nothing here but hand answers over and write what waits.
#include <algorithm>
#include <deque>
#include <map>
#include <mutex>

#include "ends/salesforce/internal/held_call.h"

namespace firn::salesforce {
namespace {

namespace wire = eventbus::v1;

// The org closes a stream without a request for 70 s; a request written at that moment would be in
// doubt, so an idle stream is left before ("PublishStream RPC Method", read 2026-11).
constexpr auto kIdleMax = std::chrono::seconds(60);
constexpr auto kWaitSlice = std::chrono::milliseconds(200);  // how soon a stop is seen
constexpr int kTriesMax = 2;

struct Batch {
  wire::PublishRequest request;
  wire::PublishResponse response;
  bool answered = false;
};

struct PublishState : HeldCallState {
  std::deque<std::shared_ptr<Batch>> to_write;
  std::map<std::string, std::shared_ptr<Batch>> unanswered;  // by the id of the first event
  std::shared_ptr<Batch> writing;
};

class PublishCall final
    : public HeldCall<wire::PublishRequest, wire::PublishResponse, PublishState> {
 public:
  PublishCall(wire::PubSub::Stub& stub, const Session& session, const std::string& tenant)
      : HeldCall(session, tenant, std::make_shared<PublishState>()) {
    stub.async()->PublishStream(&context(), this);
    AddHold();  // publishers' threads write too
    StartRead(&response_);
    StartCall();
  }
  PublishCall(const PublishCall&) = delete;
  PublishCall& operator=(const PublishCall&) = delete;
  ~PublishCall() override { CancelAndWait(); }

  // With the state locked. Nothing is written once it is closing.
  void Write(std::shared_ptr<Batch> batch) {
    state()->unanswered[batch->request.events(0).id()] = batch;
    state()->to_write.push_back(std::move(batch));
    WriteNext();
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(state()->mutex);
    state()->writing.reset();
    if (ok) WriteNext();
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      Close();
      return;
    }
    {
      const std::lock_guard lock(state()->mutex);
      Answer();
    }
    response_.Clear();
    StartRead(&response_);
  }

 private:
  void WriteNext() {
    PublishState& shared = *state();
    if (shared.writing != nullptr || shared.closing || shared.to_write.empty()) return;
    shared.writing = std::move(shared.to_write.front());
    shared.to_write.pop_front();
    StartWrite(&shared.writing->request);
  }

  // An answer without keys can only be told when one request is under way.
  void Answer() {
    auto& waiting = state()->unanswered;
    auto found = waiting.end();
    if (response_.results_size() > 0) found = waiting.find(response_.results(0).correlation_key());
    if (found == waiting.end() && waiting.size() == 1) found = waiting.begin();
    if (found == waiting.end()) return;
    found->second->response.Swap(&response_);
    found->second->answered = true;
    waiting.erase(found);
    state()->changed.notify_all();
  }

  wire::PublishResponse response_;
};

class StreamPublisher final : public Publisher {
 public:
  StreamPublisher(PublisherParts parts, std::string topic)
      : parts_(std::move(parts)), topic_(std::move(topic)) {}

  Result<PublishOutcomes> Publish(const Call& call,
                                  std::span<const OutgoingEvent> events) override {
    if (events.empty()) return PublishOutcomes();
    const auto batch = std::make_shared<Batch>();
    batch->request = RequestOf(topic_, events);
    for (int tries = 1;; ++tries) {
      FIRN_CHECK(call.Check());
      Session session;
      FIRN_TRY(const std::shared_ptr<PublishCall> stream, Hand(call, batch, &session));
      auto answered = Await(call, *stream, *batch);
      if (answered) return OutcomesOf(batch->response, events, {parts_.org, topic_});
      Leave(stream);
      if (answered.error().code() != "SF-STREAM-002" || tries >= kTriesMax) {
        return Fail(std::move(answered).error());
      }
      FIRN_CHECK(parts_.tokens->Renew(call, session));
    }
  }

 private:
  // Puts the batch onto the stream, which is opened when there is none that is good.
  Result<std::shared_ptr<PublishCall>> Hand(const Call& call, const std::shared_ptr<Batch>& batch,
                                            Session* session) {
    FIRN_TRY(*session, parts_.tokens->Get(call));
    std::shared_ptr<PublishCall> old;  // ends behind the lock: that waits for gRPC
    const std::lock_guard lock(mutex_);
    const SteadyTime now = call.clock->Steady();
    if (stream_ != nullptr && !IsGood(*stream_, now)) old = std::move(stream_);
    if (stream_ == nullptr) {
      stream_ = std::make_shared<PublishCall>(*parts_.stub, *session, parts_.tenant_id);
    }
    used_ = now;
    // Should it end just now, Await sees that.
    const std::lock_guard inner(stream_->state()->mutex);
    stream_->Write(batch);
    return stream_;
  }

  bool IsGood(const PublishCall& stream, SteadyTime now) const {
    const PublishState& state = *stream.state();
    const std::lock_guard lock(stream.state()->mutex);
    const bool idle = state.unanswered.empty() && now - used_ > kIdleMax;
    return !idle && !state.closing && !state.done;
  }

  Result<void> Await(const Call& call, PublishCall& stream, const Batch& batch) const {
    const SteadyTime until =
        call.clock->Steady() +
        std::chrono::duration_cast<SteadyTime::duration>(parts_.request_timeout);
    const auto& state = stream.state();
    std::unique_lock lock(state->mutex);
    while (!batch.answered && !state->done) {
      FIRN_CHECK(call.Check());
      if (call.clock->Steady() >= until) {
        return Fail(Error(Kind::kTimeout, "SF-STREAM-008", "the org did not answer a publisher")
                        .At("`" + topic_ + "` of org `" + parts_.org + "`")
                        .RetryWithBackoff());
      }
      state->changed.wait_for(lock, kWaitSlice);
    }
    if (batch.answered) return {};
    return Fail(ErrorOfEnd(state->end, parts_.org, topic_));
  }

  // Nobody puts more onto a stream that failed; others that wait on it see its end.
  void Leave(const std::shared_ptr<PublishCall>& stream) {
    stream->Cancel();
    const std::lock_guard lock(mutex_);
    if (stream_ == stream) stream_.reset();
  }

  const PublisherParts parts_;
  const std::string topic_;
  std::mutex mutex_;
  std::shared_ptr<PublishCall> stream_;
  SteadyTime used_{};
};

}  // namespace

wire::PublishRequest RequestOf(const std::string& topic, std::span<const OutgoingEvent> events) {
  wire::PublishRequest request;
  request.set_topic_name(topic);
  for (const OutgoingEvent& event : events) {
    wire::ProducerEvent& out = *request.add_events();
    out.set_id(event.id);
    out.set_schema_id(event.schema_id);
    out.set_payload(event.payload);
  }
  return request;
}

Result<PublishOutcomes> OutcomesOf(const wire::PublishResponse& response,
                                   std::span<const OutgoingEvent> events,
                                   const PublishedTo& place) {
  const auto fits = [&] {
    if (static_cast<size_t>(response.results_size()) != events.size()) return false;
    for (size_t i = 0; i < events.size(); ++i) {
      const std::string& key = response.results(static_cast<int>(i)).correlation_key();
      if (!key.empty() && key != events[i].id) return false;
    }
    return true;
  };
  if (!fits()) {
    return Fail(Error(Kind::kUnreachable, "SF-STREAM-014",
                      "the org's answer is not about the events that were published")
                    .At("`" + place.topic + "` of org `" + place.org + "`")
                    .From({place.org, 0, "", response.rpc_id()})
                    .RetryWithBackoff());
  }
  PublishOutcomes outcomes;
  for (const wire::PublishResult& result : response.results()) {
    PublishOutcome& outcome = outcomes.emplace_back();
    outcome.replay_id = result.replay_id();
    if (result.has_error()) outcome.error = ErrorOfPublishing(place, result.error().msg());
  }
  return outcomes;
}

std::unique_ptr<Publisher> NewStreamPublisher(PublisherParts parts, std::string topic) {
  return std::make_unique<StreamPublisher>(std::move(parts), std::move(topic));
}

}  // namespace firn::salesforce
