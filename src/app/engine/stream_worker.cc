#include "app/engine/stream_worker.h"

#include <pthread.h>

#include <algorithm>

#include "app/engine/stream_link.h"
#include "core/base/log.h"
#include "patterns/events/stream/envelope_place.h"
#include "patterns/events/stream/followed_objects.h"

namespace firn::engine {
namespace {

constexpr std::chrono::seconds kTablesPoll{2};
constexpr int kRetriesPerLife = 64;
// A life that went well for so long begins the pauses anew.
constexpr std::chrono::seconds kGoodLife{60};
constexpr Backoff kSoon{.first = std::chrono::milliseconds(1'000),
                        .most = std::chrono::milliseconds(30'000)};
// For what only a person mends, or the next day.
constexpr Backoff kLate{.first = std::chrono::milliseconds(5'000),
                        .most = std::chrono::milliseconds(300'000)};

bool IsLasting(const Error& error) {
  switch (error.kind()) {
    case Kind::kDenied:
    case Kind::kBadConfig:
    case Kind::kExpired:
    case Kind::kLimitReached:
    case Kind::kUnsupported:
      return true;
    default:
      return false;
  }
}

UtcMicros AtMs(int64_t ms) { return UtcMicros(std::chrono::milliseconds(ms)); }

std::vector<std::string> NamesOf(const std::vector<events::FollowedTable>& tables) {
  std::vector<std::string> names;
  for (const events::FollowedTable& followed : tables) names.push_back(followed.table.Text());
  return names;
}

events::StreamOptions OptionsOf(const project::FollowedStream& stream,
                                const project::Project& project) {
  events::StreamOptions options;
  options.topic = stream.topic;
  options.managed = stream.managed;
  options.commit_every = stream.commit_every;
  options.events_per_commit = stream.events_per_commit;
  options.whole_transactions = stream.whole_transactions;
  options.on_lost = stream.backfill_lost ? events::OnLost::kBackfill : events::OnLost::kFail;
  options.lease_length = stream.lease;
  options.quarantine_folder = project.state_folder + "/quarantine";
  const auto place = events::EnvelopePlaceOf(aws::Environment::OfProcess(), stream);
  options.account = place.account;
  options.region = place.region;
  return options;
}

}  // namespace

std::string_view StreamConditionName(StreamCondition condition) {
  switch (condition) {
    case StreamCondition::kStarting:
      return "starting";
    case StreamCondition::kNoTables:
      return "no tables";
    case StreamCondition::kWaiting:
      return "waiting";
    case StreamCondition::kFollowing:
      return "following";
    case StreamCondition::kBroken:
      return "broken";
    case StreamCondition::kRetrying:
      return "retrying";
    case StreamCondition::kStopped:
      break;
  }
  return "stopped";
}

// Called from the stream's thread.
class StreamWorker::Observer final : public events::StreamObserver {
 public:
  explicit Observer(StreamWorker& worker) : worker_(worker) {}
  void Changed(events::StreamState state, const std::string& why) override {
    worker_.Say(state == events::StreamState::kWaiting  ? StreamCondition::kWaiting
                : state == events::StreamState::kBroken ? StreamCondition::kBroken
                                                        : StreamCondition::kFollowing,
                why);
  }
  void Note(const std::string& topic, const std::string& text) override {
    log::Info("events.note", {{"org", worker_.stream_.org}, {"topic", topic}, {"text", text}});
  }
  void Settled(const events::StreamReport& report) override { worker_.Count(report); }
  void Measured(const events::StreamMeasure& measure) override { worker_.Measure(measure); }

 private:
  StreamWorker& worker_;
};

StreamWorker::StreamWorker(project::FollowedStream stream, Runtime& runtime, RulesWorker* rules)
    : stream_(std::move(stream)), runtime_(runtime), rules_(rules) {
  status_.org = stream_.org;
  status_.topic = stream_.topic;
  status_.since = SystemClock().Now();
}

StreamWorker::~StreamWorker() { Stop(); }

void StreamWorker::Start(const Call& call) {
  Call mine = call;
  mine.stop = stop_.get_token();
  mine.deadline = SteadyTime::max();
  thread_ = std::jthread([this, mine] {
    pthread_setname_np(pthread_self(), "firn-stream");
    Work(mine);
  });
}

void StreamWorker::Stop() {
  stop_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void StreamWorker::Say(StreamCondition condition, std::string detail) {
  const std::lock_guard lock(mutex_);
  if (status_.condition != condition || status_.detail != detail) {
    status_.since = SystemClock().Now();
  }
  status_.condition = condition;
  status_.detail = std::move(detail);
  status_.again.reset();
}

void StreamWorker::Count(const events::StreamReport& report) {
  const std::lock_guard lock(mutex_);
  status_.events = before_.events + report.events;
  status_.quarantined = before_.quarantined + report.quarantined;
  status_.rows = before_.rows;
  for (const auto& [object, counts] : report.tables) {
    status_.rows += counts.rows;
    if (counts.event_ms == 0) continue;
    status_.event_time = std::max(status_.event_time.value_or(UtcMicros{}), AtMs(counts.event_ms));
    for (const events::FollowedTable& followed : tables_) {
      if (followed.object == object) event_times_[followed.table.Text()] = AtMs(counts.event_ms);
    }
  }
}

void StreamWorker::Measure(const events::StreamMeasure& measure) {
  const std::lock_guard lock(mutex_);
  measure_ = measure;
}

Result<std::vector<events::FollowedTable>> StreamWorker::Tables(lake::Lake& lake) const {
  if (!stream_.of_changes()) return std::vector<events::FollowedTable>();
  const auto project = runtime_.project();
  FIRN_TRY(const project::Org* org, project->FindOrg(stream_.org));
  FIRN_TRY(const auto there, lake.Tables(project->NamespaceOf(*org)));
  auto wanted = events::FollowedTables(lake, *project, *org, stream_.objects);
  if (!wanted && wanted.error().kind() == Kind::kNotFound) {
    return std::vector<events::FollowedTable>();
  }
  if (!wanted) return wanted;
  // Those that an export has not made yet join when it has.
  std::erase_if(*wanted, [&](const events::FollowedTable& followed) {
    return std::ranges::find(there, followed.table) == there.end();
  });
  return wanted;
}

// A topic without an object of its own never tells a change: that must not look like peace.
Result<void> StreamWorker::WarnOfUnselected(
    const Call& call, salesforce::PubSub& pubsub,
    const std::vector<events::FollowedTable>& tables) const {
  for (const events::FollowedTable& followed : tables) {
    const auto topic = pubsub.Topic(call, events::TopicOfObject(followed.object));
    if (topic) continue;
    if (topic.error().kind() != Kind::kNotFound) return Fail(topic.error());
    log::Err("events.not_selected",
             {{"org", stream_.org},
              {"object", followed.object},
              {"text", "its table will not follow: select it in Setup > Change Data Capture"}});
  }
  return {};
}

Result<events::StreamReport> StreamWorker::Live(const Call& call) {
  const auto project = runtime_.project();
  FIRN_TRY(const project::Org* org, project->FindOrg(stream_.org));
  FIRN_TRY(const auto lake, runtime_.Lake());
  events::StreamOptions options = OptionsOf(stream_, *project);
  FIRN_TRY(options.tables, Tables(*lake));
  if (options.tables.empty() && rules_ == nullptr) {
    Say(StreamCondition::kNoTables, "change events tell changes: an export makes the tables");
    FIRN_CHECK(call.Sleep(kTablesPoll));
    return events::StreamReport{};
  }
  Say(StreamCondition::kStarting, "");
  FIRN_TRY(auto link, runtime_.Link(call, stream_.org));
  FIRN_TRY(const auto stands_on,
           StreamLink::Open(call, *org,
                            {std::move(link), lake, &runtime_.leases(), &runtime_.metrics()}));
  FIRN_CHECK(CheckManaged(call, *stands_on->parts().lake.rest, stream_.managed, stream_.topic));
  FIRN_CHECK(WarnOfUnselected(call, stands_on->pubsub(), options.tables));
  if (rules_ != nullptr) {
    FIRN_TRY(events::RuleEngine * engine, rules_->Await(call));
    options.consumers.push_back(engine);
  }
  {
    const std::lock_guard lock(mutex_);
    tables_ = options.tables;
    following_ = NamesOf(options.tables);
    status_.tables = following_;
  }
  log::Info("events.following", {{"org", stream_.org},
                                 {"topic", stream_.topic},
                                 {"tables", static_cast<int64_t>(options.tables.size())},
                                 {"rules", rules_ != nullptr}});
  Observer observer(*this);
  events::StreamParts parts = stands_on->parts();
  parts.observer = &observer;
  parts.spans = runtime_.spans();
  Span session(runtime_.spans(), call,
               {.name = "stream session",
                .attributes = {{"firn.org", stream_.org},
                               {"firn.topic", stream_.topic},
                               {"firn.tables", static_cast<int64_t>(options.tables.size())}}});
  auto report = events::FollowTopic(session.call(), parts, options);
  session.Conclude(report);
  if (report) session.Set("firn.events", report->events);
  return report;
}

void StreamWorker::Pause(const Call& call, const Error& error, int* attempt) {
  log::Err("events.stopped", {{"org", stream_.org},
                              {"topic", stream_.topic},
                              {"code", error.code()},
                              {"error", error.OneLine()},
                              {"hint", error.hint()}});
  // Refused: the secrets may have been changed since they were read.
  if (error.kind() == Kind::kDenied) runtime_.DropLink(stream_.org);
  auto wait = (IsLasting(error) ? kLate : kSoon).Wait(*attempt, *call.random);
  if (error.retry().when == Retry::When::kAfter) wait = std::max(wait, error.retry().after);
  ++*attempt;
  Say(StreamCondition::kRetrying, error.OneLine());
  {
    const std::lock_guard lock(mutex_);
    ++status_.restarts;
    status_.again = call.clock->Now() + wait;
  }
  runtime_.metrics()
      .GetCounter("stream_restarts_total", {{"org", stream_.org}, {"topic", stream_.topic}},
                  "Times that following a topic ended by an error")
      .Add();
  (void)call.Sleep(wait);
}

void StreamWorker::Work(const Call& call) {
  int attempt = 0;
  while (!call.stop.stop_requested()) {
    std::stop_source life;
    const std::stop_callback ended(call.stop, [&life] { life.request_stop(); });
    {
      const std::lock_guard lock(mutex_);
      life_ = life;
      following_.clear();
      measure_.reset();
      before_ = status_;
    }
    const SteadyTime began = call.clock->Steady();
    Call own = call;
    own.stop = life.get_token();
    own.retries = std::make_shared<RetryBudget>(kRetriesPerLife);
    own.trace = {};  // a session is a trace
    const auto report = Live(own);
    if (report || life.stop_requested()) {
      attempt = 0;
      continue;
    }
    if (call.clock->Steady() - began > kGoodLife) attempt = 0;
    Pause(call, report.error(), &attempt);
  }
  Say(StreamCondition::kStopped, "");
  log::Info("events.settled", {{"org", stream_.org}, {"topic", stream_.topic}});
}

void StreamWorker::LookForTables() {
  {
    const std::lock_guard lock(mutex_);
    if (status_.condition != StreamCondition::kFollowing || !stream_.of_changes()) return;
  }
  const auto lake = runtime_.Lake();
  if (!lake) return;
  const auto tables = Tables(**lake);
  if (!tables) return;  // the next life says it
  const std::vector<std::string> names = NamesOf(*tables);
  const std::lock_guard lock(mutex_);
  if (names == following_ || !life_) return;
  log::Info("events.tables_changed",
            {{"topic", stream_.topic}, {"tables", static_cast<int64_t>(names.size())}});
  life_->request_stop();
}

// Up to when the tables hold the org's state, as this life or one before it found out; 0: unknown.
int64_t StreamWorker::KnownMs() const {
  {
    const std::lock_guard lock(mutex_);
    if (measure_) return measure_->known_ms;
  }
  const auto cursor = events::LoadCursor(*runtime_.shared(), stream_.org, stream_.topic);
  return cursor && *cursor ? (*cursor)->known_ms : 0;
}

StreamStatus StreamWorker::Status() const {
  const int64_t known = KnownMs();
  const std::lock_guard lock(mutex_);
  StreamStatus status = status_;
  const auto since = [](UtcMicros now, int64_t then_ms) {
    return std::max(0.0, std::chrono::duration<double>(now - AtMs(then_ms)).count());
  };
  const UtcMicros now = SystemClock().Now();
  if (known > 0) {
    // While events come as they happen, nothing new says that the tables are as near as they were.
    // Else nobody measures: behind since the stream last told anything.
    const bool measured = status.condition == StreamCondition::kFollowing && measure_;
    status.lag_seconds = measured ? since(AtMs(measure_->at_ms), known) : since(now, known);
  }
  for (const std::string& table : status.tables) {
    TableFreshness& fresh = status.freshness.emplace_back();
    fresh.table = table;
    const auto newest = event_times_.find(table);
    if (newest != event_times_.end()) fresh.event_time = newest->second;
    if (known > 0) fresh.seconds = since(now, known);
  }
  return status;
}

void StreamWorker::RefreshGauges() {
  const StreamStatus status = Status();
  MetricsRegistry& metrics = runtime_.metrics();
  const Labels labels = {{"org", stream_.org}, {"topic", stream_.topic}};
  metrics.GetGauge("stream_following", labels, "1 while events come as they happen")
      .Set(status.condition == StreamCondition::kFollowing ? 1 : 0);
  const auto cursor = events::LoadCursor(*runtime_.shared(), stream_.org, stream_.topic);
  metrics
      .GetGauge("event_deliveries", labels,
                "Events delivered since the topic is followed; each counts against the org's "
                "allotment DailyDeliveredPlatformEvents")
      .Set(cursor && *cursor ? static_cast<double>((*cursor)->events_total) : 0);
  if (!status.lag_seconds) return;  // no number is better than a wrong one
  Labels of_stream = {{"org", stream_.org}, {"pattern", "events"}, {"topic", stream_.topic}};
  metrics.GetGauge("lag_seconds", of_stream, "how far the tables are behind the org")
      .Set(*status.lag_seconds);
  for (const TableFreshness& fresh : status.freshness) {
    metrics
        .GetGauge("table_freshness_seconds", {{"org", stream_.org}, {"table", fresh.table}},
                  "How old the org's state is that a followed table is known to hold")
        .Set(fresh.seconds.value_or(*status.lag_seconds));
  }
}

}  // namespace firn::engine
