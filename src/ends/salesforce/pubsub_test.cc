// The life of a subscription, against scripted streams and a clock that stands still. What could go
// wrong in production: a dead stream that nobody notices, two streams where one was paid for, a
// position that is lost or made up, an end of a stream that ends the subscription. The numbers in
// the names are users' issues with other clients (forcedotcom/pub-sub-api,
// pozil/pub-sub-api-node-client, apache/camel).
#include "ends/salesforce/pubsub.h"

#include <gtest/gtest.h>

#include <deque>
#include <optional>

#include "ends/salesforce/internal/pubsub_stream.h"
#include "ends/salesforce/testing/scripted_org.h"

namespace firn::salesforce {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class TestBatch final : public EventBatch {
 public:
  TestBatch(std::vector<std::string> replay_ids, std::string latest, bool asked_for_more = true)
      : ids_(std::move(replay_ids)), latest_(std::move(latest)), asked_for_more_(asked_for_more) {}
  bool caught_up() const override { return ids_.empty() && asked_for_more_; }
  size_t size() const override { return ids_.size(); }
  EventView at(size_t index) const override { return {"e", "s", "p", ids_[index]}; }
  std::string_view latest_replay_id() const override { return latest_; }
  size_t bytes() const override { return ids_.size(); }

 private:
  std::vector<std::string> ids_;
  std::string latest_;
  bool asked_for_more_;
};

EventBatchPtr Events(std::vector<std::string> ids) {
  const std::string latest = ids.back();
  return std::make_shared<TestBatch>(std::move(ids), latest);
}
EventBatchPtr SignOfLife(std::string latest) {
  return std::make_shared<TestBatch>(std::vector<std::string>(), std::move(latest));
}
Error End(int status, std::string code, std::string message = "rpcId: 1") {
  return ErrorOfEnd({status, std::move(message), std::move(code), "rpc-1"}, "prod", "/data/X");
}

// Streams made of scripts: what each one answers in turn; at the end of a script it is silent.
class ScriptedStreams final : public StreamOpener {
 public:
  using Step = std::variant<EventBatchPtr, Error>;
  explicit ScriptedStreams(ManualClock& clock) : clock_(clock) {}

  std::deque<std::deque<Step>> scripts;
  std::vector<ReplayPosition> opened;
  std::vector<std::string> tokens;
  int open_now = 0;
  int open_most = 0;

  Result<std::unique_ptr<EventStream>> Open(const Session& session, const SubscribeOptions&,
                                            const ReplayPosition& from) override {
    opened.push_back(from);
    tokens.push_back(session.access_token.Reveal());
    std::deque<Step> script;
    if (!scripts.empty()) {
      script = std::move(scripts.front());
      scripts.pop_front();
    }
    open_most = std::max(open_most, ++open_now);
    return std::make_unique<Stream>(*this, std::move(script));
  }

 private:
  class Stream final : public EventStream {
   public:
    Stream(ScriptedStreams& all, std::deque<Step> script) : all_(all), script_(std::move(script)) {}
    ~Stream() override { --all_.open_now; }
    Result<EventBatchPtr> Read(const Call& call, SteadyTime until) override {
      if (script_.empty()) {
        // Time is what passes in silence.
        all_.clock_.SleepUntil(until, call.stop);
        return EventBatchPtr();
      }
      Step step = std::move(script_.front());
      script_.pop_front();
      if (auto* error = std::get_if<Error>(&step)) return Fail(std::move(*error));
      return std::get<EventBatchPtr>(step);
    }

   private:
    ScriptedStreams& all_;
    std::deque<Step> script_;
  };
  ManualClock& clock_;
};

class CountingTokens final : public TokenSource {
 public:
  int renewals = 0;
  Result<Session> Get(const Call&) override { return Make(); }
  Result<Session> Renew(const Call&, const Session&) override {
    ++renewals;
    return Make();
  }

 private:
  Session Make() const {
    Session session;
    session.access_token = Secret("token-" + std::to_string(renewals));
    session.instance_url = "https://x";
    return session;
  }
};

class Subscribing : public ::testing::Test {
 protected:
  Subscribing() : clock_(UtcMicros{}), streams_(clock_), call_(testing::TestCall(clock_)) {}

  std::unique_ptr<Subscription> Make(ReplayPosition start = {}) {
    SubscribeOptions options;
    options.topic = "/data/X";
    options.start = std::move(start);
    options.note = [this](const StreamNote& note) { notes_.push_back(note.what); };
    return NewSubscription(std::move(options), streams_, tokens_, [this] { ++closed_; });
  }
  SteadyTime In(std::chrono::nanoseconds time) const {
    return clock_.Steady() + std::chrono::duration_cast<SteadyTime::duration>(time);
  }

  ManualClock clock_;
  ScriptedStreams streams_;
  CountingTokens tokens_;
  Call call_;
  std::vector<StreamNote::What> notes_;
  int closed_ = 0;
};

// What lies between the last event that came and the topic's end was not delivered.
TEST_F(Subscribing, ASignOfLifeWhileNothingIsAskedForMovesNoPosition) {
  streams_.scripts = {{Events({"a"}),
                       std::make_shared<TestBatch>(std::vector<std::string>(), "z", false),
                       SignOfLife("z")}};
  auto subscription = Make();
  ASSERT_EQ((*subscription->Next(call_, In(seconds(1))))->size(), 1U);
  EXPECT_FALSE((*subscription->Next(call_, In(seconds(1))))->caught_up());
  EXPECT_EQ(subscription->position().replay_id, "a");
  EXPECT_TRUE((*subscription->Next(call_, In(seconds(1))))->caught_up());
  EXPECT_EQ(subscription->position().replay_id, "z");
}

TEST_F(Subscribing, Issue31_ASilentStreamIsReplacedFromThePositionReached) {
  streams_.scripts = {{Events({"a", "b"})}, {Events({"c"})}};
  auto subscription = Make();
  ASSERT_EQ((*subscription->Next(call_, In(seconds(1))))->size(), 2U);
  const auto next = subscription->Next(call_, In(std::chrono::hours(1)));
  ASSERT_TRUE(next && *next);
  EXPECT_EQ((*next)->at(0).replay_id, "c");
  ASSERT_EQ(streams_.opened.size(), 2U);
  EXPECT_EQ(streams_.opened[1].from, ReplayPosition::From::kAfter);
  EXPECT_EQ(streams_.opened[1].replay_id, "b");
  EXPECT_EQ(notes_[1], StreamNote::What::kSilent);
  EXPECT_GE(clock_.Now().time_since_epoch(), seconds(300));
}

TEST_F(Subscribing, ASignOfLifeWithinTheBoundKeepsTheStream) {
  streams_.scripts = {{SignOfLife("k1")}};
  auto subscription = Make();
  ASSERT_TRUE(*subscription->Next(call_, In(seconds(1))));
  EXPECT_EQ(*subscription->Next(call_, In(seconds(299))), nullptr);
  EXPECT_EQ(streams_.opened.size(), 1U);
}

TEST_F(Subscribing, Issue52_AReconnectReplacesTheStreamAndNeverDoublesIt) {
  for (int i = 0; i < 8; ++i) {
    streams_.scripts.push_back({Events({std::to_string(i)}), End(14, "", "RST_STREAM")});
  }
  auto subscription = Make();
  for (int i = 0; i < 8; ++i) {
    const auto batch = subscription->Next(call_, In(std::chrono::hours(9)));
    ASSERT_TRUE(batch && *batch);
    EXPECT_EQ((*batch)->at(0).replay_id, std::to_string(i));
  }
  EXPECT_EQ(streams_.open_most, 1);
  subscription.reset();
  EXPECT_EQ(streams_.open_now, 0);
  EXPECT_EQ(closed_, 1);
}

TEST_F(Subscribing, Issue28_EveryEndOfAStreamIsRetriedEvenOneWithoutAnError) {
  streams_.scripts = {
      {End(0, "")}, {End(13, "service.unavailable")}, {End(1, "")}, {Events({"a"})}};
  auto subscription = Make({ReplayPosition::From::kAfter, "z"});
  const auto batch = subscription->Next(call_, In(std::chrono::hours(1)));
  ASSERT_TRUE(batch && *batch);
  ASSERT_EQ(streams_.opened.size(), 4U);
  for (const auto& from : streams_.opened) EXPECT_EQ(from.replay_id, "z");
  EXPECT_GT(clock_.Now().time_since_epoch(), milliseconds(250));  // pauses lay between
}

TEST_F(Subscribing, ManyTriesWithoutASignOfLifeGiveUpWithTheReason) {
  for (int i = 0; i < 40; ++i) streams_.scripts.push_back({End(14, "", "connect: refused")});
  auto subscription = Make();
  const auto batch = subscription->Next(call_, In(std::chrono::hours(9)));
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().code(), "SF-STREAM-001");
  EXPECT_EQ(batch.error().why(), "connect: refused");
  EXPECT_EQ(streams_.opened.size(), 13U);
}

TEST_F(Subscribing, Issue4_ReplayIdsAreBytesWithNulsAndWithoutMeaning) {
  const std::string id("\0\xff\x80 7\n", 6);
  streams_.scripts = {{Events({id}), End(14, "")}, {Events({"x"})}};
  auto subscription = Make();
  ASSERT_TRUE(*subscription->Next(call_, In(seconds(1))));
  ASSERT_TRUE(*subscription->Next(call_, In(seconds(90))));
  EXPECT_EQ(streams_.opened[1].replay_id, id);
}

TEST_F(Subscribing, Issue22_ASignOfLifeOnAQuietTopicMovesThePosition) {
  streams_.scripts = {{SignOfLife("k1"), End(14, "")}, {Events({"x"})}};
  auto subscription = Make();
  const auto alive = subscription->Next(call_, In(seconds(1)));
  ASSERT_TRUE(alive && *alive);
  EXPECT_EQ((*alive)->size(), 0U);
  EXPECT_EQ(subscription->position().replay_id, "k1");
  ASSERT_TRUE(*subscription->Next(call_, In(seconds(90))));
  EXPECT_EQ(streams_.opened[1].replay_id, "k1");
}

TEST_F(Subscribing, Issue17153_ARefusedReplayIdIsToldAtOnceAndNotTriedAgain) {
  streams_.scripts = {
      {End(3, "sfdc.platform.eventbus.grpc.subscription.fetch.replayid.corrupted")}};
  auto subscription = Make({ReplayPosition::From::kAfter, "old"});
  const auto batch = subscription->Next(call_, In(std::chrono::hours(1)));
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().code(), "SF-STREAM-003");
  EXPECT_EQ(batch.error().kind(), Kind::kExpired);
  EXPECT_EQ(batch.error().remote().request_id, "rpc-1");
  EXPECT_EQ(streams_.opened.size(), 1U);
  EXPECT_EQ(subscription->position().replay_id, "old");
}

TEST_F(Subscribing, Issue18396_TheTrailerDecidesAndTheMessageWhereAProxyDroppedIt) {
  const std::string code = "sfdc.platform.eventbus.grpc.subscription.fetch.replayid.corrupted";
  EXPECT_EQ(End(3, "", "The Replay ID is bad (" + code + ") rpcId: 7").code(), "SF-STREAM-003");
  // The same status with another code is another thing.
  EXPECT_EQ(
      End(3, "sfdc.platform.eventbus.grpc.subscription.fetch.requested.events.invalid").code(),
      "SF-STREAM-007");
  EXPECT_EQ(End(16, "sfdc.platform.eventbus.grpc.service.auth.error").code(), "SF-STREAM-002");
  EXPECT_EQ(End(16, "").code(), "SF-STREAM-002");
  EXPECT_EQ(End(5, "sfdc.platform.eventbus.grpc.topic.not.found").code(), "SF-STREAM-004");
  EXPECT_EQ(End(7, "").code(), "SF-STREAM-005");
  EXPECT_EQ(End(8, "sfdc.platform.eventbus.grpc.subscription.limit.exceeded").code(),
            "SF-STREAM-006");
  EXPECT_EQ(End(13, "sfdc.platform.eventbus.grpc.service.unavailable").code(), "SF-STREAM-001");
  EXPECT_EQ(End(3, "sfdc.platform.eventbus.grpc.schema.not.found").code(), "SF-STREAM-010");
}

TEST_F(Subscribing, AManagedSubscriptionThatIsTakenIsWaitedForAndOneThatIsStoppedIsNot) {
  const std::string managed = "sfdc.platform.eventbus.grpc.managed.subscription.";
  EXPECT_EQ(End(9, managed + "config.stopped").code(), "SF-STREAM-016");
  EXPECT_EQ(End(5, managed + "developer.name.not.found").code(), "SF-STREAM-017");
  EXPECT_EQ(End(5, managed + "subscription.id.not.found").code(), "SF-STREAM-017");
  EXPECT_EQ(End(9, managed + "config.deleted").code(), "SF-STREAM-017");
  EXPECT_EQ(End(3, managed + "fetch.request.invalid").code(), "SF-STREAM-007");
  streams_.scripts = {{End(6, managed + "already.active")}, {Events({"a"})}};
  const auto subscription = Make();
  const auto batch = subscription->Next(call_, In(seconds(100)));
  ASSERT_TRUE(batch) << batch.error().OneLine();
  EXPECT_EQ((*batch)->size(), 1U);
  EXPECT_EQ(streams_.opened.size(), 2U);
}

TEST_F(Subscribing, ASessionThatEndsInMidStreamIsRenewedWithoutAPause) {
  streams_.scripts = {{Events({"a"}), End(16, "service.auth.error")}, {Events({"b"})}};
  auto subscription = Make();
  ASSERT_TRUE(*subscription->Next(call_, In(seconds(1))));
  const auto before = clock_.Steady();
  ASSERT_TRUE(*subscription->Next(call_, In(seconds(1))));
  EXPECT_EQ(clock_.Steady(), before);
  EXPECT_EQ(tokens_.renewals, 1);
  EXPECT_EQ(streams_.tokens, (std::vector<std::string>{"token-0", "token-1"}));
  EXPECT_EQ(streams_.opened[1].replay_id, "a");
}

TEST_F(Subscribing, ASessionThatIsRefusedAgainAndAgainIsNotRenewedForEver) {
  for (int i = 0; i < 9; ++i) streams_.scripts.push_back({End(16, "service.auth.error")});
  auto subscription = Make();
  const auto batch = subscription->Next(call_, In(seconds(1)));
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().code(), "SF-STREAM-002");
  EXPECT_EQ(tokens_.renewals, 2);
}

TEST_F(Subscribing, AStopIsObeyedWhileWaitingForTheNextTry) {
  streams_.scripts = {{End(14, "")}};
  std::stop_source stop;
  stop.request_stop();
  call_.stop = stop.get_token();
  auto subscription = Make();
  const auto batch = subscription->Next(call_, In(seconds(1)));
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().kind(), Kind::kCancelled);
}

TEST(CreditsOfAStream, NeverMoreThanTheCapIsOutstanding) {
  Credits credits(100, 4000, 1 << 20);
  EXPECT_EQ(credits.Ask(0, 0), 100);
  EXPECT_EQ(credits.Ask(0, 0), 0);
  credits.Received(10);
  EXPECT_EQ(credits.Ask(10, 0), 0);  // a small top-up is put off
  credits.Received(45);
  EXPECT_EQ(credits.Ask(55, 0), 55);
  EXPECT_EQ(credits.outstanding(), 100);
}

TEST(CreditsOfAStream, Issue28_AreToppedUpThoughNothingIsProcessedUntilTheBufferIsFull) {
  Credits credits(100, 300, 1 << 20);
  size_t waiting = 0;
  int asked = 0;
  while (const int ask = credits.Ask(waiting, 0)) {
    asked += ask;
    credits.Received(static_cast<size_t>(ask));
    waiting += static_cast<size_t>(ask);
  }
  EXPECT_EQ(asked, 300);
  EXPECT_EQ(credits.Ask(waiting, 0), 0);
  EXPECT_EQ(credits.Ask(waiting - 100, 0), 100);
  EXPECT_EQ(credits.Ask(0, 2 << 20), 0);  // too many bytes wait
}

class Endpoints : public ::testing::Test {
 protected:
  std::string CodeOf(const std::string& endpoint, const std::string& ca = "") {
    PubSubOptions options;
    options.endpoint = endpoint;
    options.ca_file = ca;
    const auto opened = PubSub::Open(options, tokens_);
    return opened ? "fine" : opened.error().code();
  }
  CountingTokens tokens_;
};

TEST_F(Endpoints, TokensTravelInClearOnlyOnThisMachine) {
  EXPECT_EQ(CodeOf("http://127.0.0.1:7011"), "fine");
  EXPECT_EQ(CodeOf("api.pubsub.salesforce.com:7443"), "fine");
  EXPECT_EQ(CodeOf("http://example.com:7011"), "SF-STREAM-009");
  EXPECT_EQ(CodeOf("api.pubsub.salesforce.com"), "SF-STREAM-009");
  EXPECT_EQ(CodeOf("localhost:7443/x"), "SF-STREAM-009");
}

TEST_F(Endpoints, OneTopicHasOneSubscription) {
  PubSubOptions options;
  options.endpoint = "http://127.0.0.1:7011";
  const auto pubsub = PubSub::Open(options, tokens_);
  ASSERT_TRUE(pubsub);
  SubscribeOptions wish;
  wish.topic = "/data/X";
  auto first = (*pubsub)->Subscribe(wish);
  ASSERT_TRUE(first);
  const auto second = (*pubsub)->Subscribe(wish);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), "SF-STREAM-011");
  first->reset();
  EXPECT_TRUE((*pubsub)->Subscribe(wish));
}

}  // namespace
}  // namespace firn::salesforce
