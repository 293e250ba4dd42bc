// events follow, topics, plan.
#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <thread>

#include "app/cli/commands.h"
#include "app/cli/commands/event_session.h"
#include "app/engine/rules_link.h"
#include "app/engine/stream_link.h"
#include "core/base/time_text.h"
#include "patterns/events/stream/followed_objects.h"

namespace firn::cli {
namespace {

// Less time says little of a day: what came in it counts as an hour's.
constexpr double kRatedSecondsMin = 3600.0;
constexpr std::string_view kFollowFormat = "firn.events.follow/1";
constexpr auto kRulesPoll = std::chrono::milliseconds(500);
constexpr std::chrono::milliseconds kLastCalls{60'000};  // as long as a call may take
constexpr std::chrono::milliseconds kInterruptedCalls{5'000};
constexpr const char* kDeliveries = "DailyDeliveredPlatformEvents";
constexpr const char* kPublishing = "HourlyPublishedPlatformEvents";

UtcMicros AtMs(int64_t ms) { return UtcMicros(std::chrono::milliseconds(ms)); }

Cell TimeCell(int64_t ms) { return ms == 0 ? Cell() : Cell(FormatUtc(AtMs(ms), 0)); }

Cell AgeCell(UtcMicros now, int64_t ms) {
  if (ms == 0) return {};
  const auto age = std::chrono::floor<std::chrono::seconds>(now - AtMs(ms));
  return FormatDuration(std::max(std::chrono::seconds(0), age));
}

class Watcher final : public events::StreamObserver {
 public:
  explicit Watcher(Context& context) : context_(context) {}
  void Note(const std::string& topic, const std::string& text) override {
    context_.out().Talk(topic + ": " + text);
  }
  void Settled(const events::StreamReport& report) override {
    const std::lock_guard lock(mutex_);
    std::string tables;
    for (const auto& [object, counts] : report.tables) {
      tables +=
          fmt::format(R"({}{{"object":{},"events":{},"rows":{},"reread":{},"event_time":{}}})",
                      tables.empty() ? "" : ",", JsonQuote(object), counts.events, counts.rows,
                      counts.reread, JsonOf(TimeCell(counts.event_ms)));
    }
    context_.out().Json(
        kFollowFormat,
        fmt::format(R"({{"topic":{},"events":{},"quarantined":{},"cycles":{},"streams_opened":{},)"
                    R"("backfills":{},"event_time":{},"tables":[{}]}})",
                    JsonQuote(report.topic), report.events, report.quarantined, report.cycles,
                    report.streams_opened, report.backfills, JsonOf(TimeCell(report.event_ms)),
                    tables));
    context_.out().Flush();
  }

 private:
  Context& context_;
  std::mutex mutex_;
};

void PrintFollowed(Context& context, const std::vector<events::StreamReport>& reports) {
  if (context.out().json()) return;
  Table table{.format = "firn.events.followed/1",
              .columns = {{"object", "object", false, true, Ink::kName},
                          {"events", "events", true},
                          {"rows", "rows changed", true},
                          {"reread", "read again", true},
                          {"commits", "snapshots", true},
                          {"newest", "newest change"}},
              .rows = {},
              .when_empty = "no table was followed"};
  for (const auto& report : reports) {
    for (const auto& [object, counts] : report.tables) {
      table.rows.push_back({object, counts.events, counts.rows, counts.reread, counts.commits,
                            TimeCell(counts.event_ms)});
    }
  }
  context.out().Print(table);
  for (const auto& report : reports) {
    if (report.quarantined == 0) continue;
    context.out().Warn(fmt::format("{}: {} events are in quarantine: `firn events quarantine list`",
                                   report.topic, report.quarantined));
  }
}

// Topics without an object of theirs never tell a change: that must not look like peace.
Result<void> WarnOfUnselected(Context& context, EventSession& session,
                              const std::vector<events::FollowedTable>& tables) {
  for (const auto& followed : tables) {
    const auto topic =
        session.pubsub().Topic(context.call(), events::TopicOfObject(followed.object));
    if (topic) continue;
    if (topic.error().kind() != Kind::kNotFound) return Fail(topic.error());
    context.out().Warn("`" + followed.object +
                       "` is not selected for Change Data Capture: its table will not follow "
                       "(Setup > Change Data Capture)");
  }
  return {};
}

events::StreamOptions OptionsFrom(const Context& context, const project::Project& project) {
  events::StreamOptions options;
  options.commit_every = context.Duration("commit-every");
  options.events_per_commit = context.Integer("events-per-commit");
  options.whole_transactions = context.Flag("whole-transactions");
  options.until_caught_up = context.Flag("until-caught-up");
  options.on_lost =
      context.Text("on-lost") == "backfill" ? events::OnLost::kBackfill : events::OnLost::kFail;
  options.lease_length = context.Duration("lease");
  options.silence_max = context.Duration("silence");
  options.quarantine_folder = QuarantineFolder(project);
  return options;
}

Result<std::vector<std::string>> TopicsOf(Context& context, EventSession& session,
                                          const std::vector<events::FollowedTable>& tables) {
  auto topics = context.List("topic");
  const std::string managed = context.Text("managed");
  if (!managed.empty()) {
    salesforce::RestClient& rest = *session.parts().lake.rest;
    if (topics.size() > 1) {
      return Fail(context.UsageError("a managed subscription is of one topic")
                      .Hint("name one topic, or none: the org knows it"));
    }
    if (topics.empty()) {
      FIRN_TRY(topics.emplace_back(), engine::TopicOfManaged(context.call(), rest, managed));
    }
    FIRN_CHECK(engine::CheckManaged(context.call(), rest, managed, topics.front()));
  }
  if (!topics.empty()) return topics;
  // One object is cheaper by its own topic: others' events are not delivered, and not billed.
  topics.push_back(tables.size() == 1 ? events::TopicOfObject(tables[0].object)
                                      : std::string(events::kAllChanges));
  return topics;
}

// One thread a topic; the first error stops the others.
Result<std::vector<events::StreamReport>> FollowAll(
    const Call& call, const events::StreamParts& parts,
    const std::vector<events::StreamOptions>& streams) {
  std::vector<std::optional<Result<events::StreamReport>>> results(streams.size());
  std::stop_source stop;
  const std::stop_callback interrupted(call.stop, [&] { stop.request_stop(); });
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < streams.size(); ++i) {
      threads.emplace_back([&, i] {
        Call own = call;
        own.stop = stop.get_token();
        own.retries = std::make_shared<RetryBudget>(64);
        results[i] = events::FollowTopic(own, parts, streams[i]);
        if (!*results[i]) stop.request_stop();
      });
    }
  }
  std::vector<events::StreamReport> reports;
  for (auto& result : results) {
    if (!*result) return Fail(std::move(*result).error());
    reports.push_back(**std::move(result));
  }
  return reports;
}

// Tables for the topics asked for: platform events have none, and where rules watch, tables are not
// needed.
Result<std::vector<events::FollowedTable>> TablesFor(Context& context, EventSession& session,
                                                     bool rules) {
  FIRN_TRY(const auto* project, context.LoadProject());
  FIRN_TRY(const auto* org, context.LoadOrg());
  const auto topics = context.List("topic");
  const auto objects = context.List("object");
  const bool changes = std::any_of(topics.begin(), topics.end(), [](const std::string& topic) {
    return topic.starts_with("/data/");
  });
  if (!topics.empty() && !changes) return std::vector<events::FollowedTable>();
  auto tables = events::FollowedTables(*session.lake, *project, *org, objects);
  if (!tables && tables.error().kind() == Kind::kNotFound && rules && objects.empty()) {
    return std::vector<events::FollowedTable>();
  }
  return tables;
}

// The project's rules, delivering; nothing when it has none.
Result<std::unique_ptr<engine::RulesLink>> StartRules(Context& context, EventSession& session) {
  FIRN_TRY(const auto* project, context.LoadProject());
  config::Problems problems;
  const auto set = project::LoadRules(project->folder, {}, &problems);
  if (set.rules.empty() && problems.empty()) return std::unique_ptr<engine::RulesLink>();
  for (bool told = false;; told = true) {
    auto link = engine::RulesLink::Open(*project, context.secrets(), &session.metrics);
    if (!link && link.error().code() == "EVENT-OUTBOX-001") {
      // Another process delivers: this one takes its place when it ends.
      if (!told) context.out().Talk("waiting: " + link.error().what());
      FIRN_CHECK(context.call().Sleep(kRulesPoll));
      continue;
    }
    if (!link) return Fail(std::move(link).error());
    for (const Error& problem : (*link)->problems()) {
      context.out().Warn("a rule is left out: " + problem.OneLine());
    }
    (*link)->Lend(session.parts().org, session.pubsub());
    (*link)->engine().Start(context.call());
    return link;
  }
}

// Ctrl-C does not cut off what a target is taking just now: it would come again.
void FinishDeliveries(Context& context, events::RuleEngine& engine) {
  Call call = context.call();
  call.stop = {};
  engine.Finish(call, context.Flag("until-caught-up") ? kLastCalls : kInterruptedCalls);
}

Result<ExitCode> Follow(Context& context) {
  FIRN_TRY(const auto session, OpenEventSession(context, LakeUse::kFollow));
  FIRN_TRY(const auto* project, context.LoadProject());
  FIRN_TRY(const auto rules, StartRules(context, *session));
  FIRN_TRY(const auto tables, TablesFor(context, *session, rules != nullptr));
  FIRN_CHECK(WarnOfUnselected(context, *session, tables));
  FIRN_TRY(const auto topics, TopicsOf(context, *session, tables));
  const auto changing = std::count_if(topics.begin(), topics.end(), [](const std::string& topic) {
    return topic.starts_with("/data/");
  });
  if (changing > 1 && !tables.empty()) {
    return Fail(context.UsageError("several topics of changes cannot feed the same tables")
                    .Hint("follow one of them, or one object a process"));
  }
  Watcher watcher(context);
  events::StreamParts parts = session->parts();
  parts.observer = &watcher;
  std::vector<events::StreamOptions> streams;
  for (const std::string& topic : topics) {
    events::StreamOptions& stream = streams.emplace_back(OptionsFrom(context, *project));
    stream.topic = topic;
    stream.managed = context.Text("managed");
    const auto place = session->PlaceOf(topic);
    stream.account = place.account;
    stream.region = place.region;
    if (topic.starts_with("/data/")) stream.tables = tables;
    if (rules != nullptr) stream.consumers.push_back(&rules->engine());
    context.out().Talk(fmt::format("following {} into {} table{}{}", topic, stream.tables.size(),
                                   stream.tables.size() == 1 ? "" : "s",
                                   rules != nullptr ? " and the rules" : ""));
  }
  if (context.Flag("until-caught-up")) {
    context.out().Talk(
        "ends at the org's next sign of life behind the newest event; a quiet org gives one every "
        "270 s");
  }
  auto reports = FollowAll(context.call(), parts, streams);
  if (rules != nullptr) FinishDeliveries(context, rules->engine());
  if (reports && rules != nullptr && context.Flag("until-caught-up")) {
    // What waits for a later try stays in the outbox.
    FIRN_TRY(const auto done, rules->engine().Drain(context.call()));
    context.out().Talk(fmt::format("{} deliveries wait for a later try", done.waiting));
  }
  if (!reports) return Fail(std::move(reports).error());
  PrintFollowed(context, *reports);
  return ExitCode::kDone;
}

std::string StateOf(const events::StreamCursor* cursor) {
  if (cursor == nullptr) return "never followed";
  if (!cursor->lost.empty()) return "lost: " + cursor->lost;
  return cursor->managed.empty() ? "followed" : "followed, managed as " + cursor->managed;
}

Result<ExitCode> Topics(Context& context) {
  FIRN_TRY(const auto session, OpenEventSession(context, LakeUse::kFollow));
  FIRN_TRY(const auto* project, context.LoadProject());
  FIRN_TRY(const auto* org, context.LoadOrg());
  FIRN_TRY(const auto tables,
           events::FollowedTables(*session->lake, *project, *org, context.List("object")));
  FIRN_TRY(const auto cursors, events::LoadCursors(*session->parts().shared, org->id));
  const UtcMicros now = context.call().clock->Now();
  Table table{.format = "firn.events.topics/1",
              .columns = {{"topic", "topic", false, true, Ink::kName},
                          {"object", "object"},
                          {"selected", "selected"},
                          {"newest", "newest change in the table"},
                          {"behind", "behind", true},
                          {"alive", "last sign of life"},
                          {"state", "state"}},
              .rows = {},
              .when_empty = "there is no table to follow"};
  for (const auto& followed : tables) {
    const std::string own = events::TopicOfObject(followed.object);
    const auto topic = session->pubsub().Topic(context.call(), own);
    if (!topic && topic.error().kind() != Kind::kNotFound) return Fail(topic.error());
    FIRN_TRY(const auto loaded, session->lake->Load(followed.table));
    // Whoever committed last into the table says how fresh it is.
    std::string by = own;
    int64_t event_ms = 0;
    for (const auto& [consumer, text] : lake::CheckpointsOf(loaded)) {
      const auto mark = events::ParseMark(text);
      if (!consumer.starts_with("cdc:") || !mark || mark->event_ms < event_ms) continue;
      event_ms = mark->event_ms;
      by = consumer.substr(4);
    }
    const events::StreamCursor* cursor = nullptr;
    for (const auto& [name, known] : cursors) {
      if (name == by || (cursor == nullptr && name == events::kAllChanges)) cursor = &known;
    }
    const int64_t fresh = cursor == nullptr ? event_ms : std::max(event_ms, cursor->known_ms);
    table.rows.push_back(
        {by, followed.object, topic.has_value(), TimeCell(event_ms), AgeCell(now, fresh),
         cursor == nullptr ? Cell() : TimeCell(cursor->alive_ms), StateOf(cursor)});
  }
  context.out().Print(table);
  return ExitCode::kDone;
}

Result<ExitCode> Plan(Context& context) {
  FIRN_TRY(const auto session, OpenEventSession(context, LakeUse::kNone));
  FIRN_TRY(const auto limits, session->parts().lake.rest->FetchLimits(context.call()));
  FIRN_TRY(const auto cursors, events::LoadCursors(*session->parts().shared, session->parts().org));
  const auto allotment = limits.find(kDeliveries);
  const UtcMicros now = context.call().clock->Now();
  Table table{.format = "firn.events.plan/1",
              .columns = {{"topic", "topic", false, true, Ink::kName},
                          {"delivered", "delivered", true},
                          {"since", "since"},
                          {"per_day", "expected a day", true},
                          {"share", "of the allotment", true}},
              .rows = {},
              .when_empty = "no topic was followed yet: rates are measured while one is"};
  int64_t all = 0;
  for (const auto& [topic, cursor] : cursors) {
    const double seconds =
        std::max(kRatedSecondsMin,
                 std::chrono::duration<double>(now - AtMs(cursor.events_since_ms)).count());
    const auto per_day =
        static_cast<int64_t>(static_cast<double>(cursor.events_total) / seconds * 86'400.0);
    all += per_day;
    Cell share;
    if (allotment != limits.end() && allotment->second.max > 0) {
      share = fmt::format("{:.1f} %", 100.0 * static_cast<double>(per_day) /
                                          static_cast<double>(allotment->second.max));
    }
    table.rows.push_back(
        {topic, cursor.events_total, TimeCell(cursor.events_since_ms), per_day, share});
  }
  const auto told = [&limits](std::string_view name, bool most) {
    const auto found = limits.find(std::string(name));
    if (found == limits.end()) return Cell();
    return Cell(most ? found->second.max : found->second.remaining);
  };
  table.facts = {
      {"expected_a_day", "deliveries expected a day", all},
      {"deliveries_allotted", "deliveries allotted in 24 hours", told(kDeliveries, true)},
      {"deliveries_left", "of these left, over all clients", told(kDeliveries, false)},
      {"publishing_allotted", "messages allotted to publish in an hour", told(kPublishing, true)},
      {"publishing_left", "of these left", told(kPublishing, false)}};
  context.out().Print(table);
  if (allotment == limits.end()) {
    context.out().Warn("the org does not tell its allotment of event deliveries");
    return ExitCode::kDone;
  }
  return all > allotment->second.max ? ExitCode::kFailed : ExitCode::kDone;
}

const Argument kObjects = {.name = "object",
                           .help = "API name; without any: every exported object of firn.yaml",
                           .required = false,
                           .repeats = true};

}  // namespace

void AddEventStreamCommands(CommandTree& tree) {
  tree.Add(
      {.path = "events follow",
       .summary = "have the tables follow the org's change events, until Ctrl-C",
       .arguments = {kObjects},
       .options = {{.name = "topic",
                    .value = "TOPIC",
                    .help = "instead of /data/ChangeEvents, or of the one object's own",
                    .repeats = true},
                   {.name = "managed",
                    .value = "NAME",
                    .help = "a managed subscription, by developer name or id: the org keeps the "
                            "position beside ours"},
                   {.name = "commit-every",
                    .value = "TIME",
                    .help = "how long changes are collected for a snapshot",
                    .type = ValueType::kDuration,
                    .default_value = "1s"},
                   {.name = "events-per-commit",
                    .value = "N",
                    .help = "a snapshot at so many events, however soon",
                    .type = ValueType::kInteger,
                    .default_value = "10000",
                    .min = 1},
                   {.name = "whole-transactions",
                    .help = "never cut a transaction's changes into two snapshots of a table"},
                   {.name = "on-lost",
                    .value = "WHAT",
                    .help = "when the position is not accepted any more: stop, or read over REST "
                            "what changed since and go on",
                    .default_value = "fail",
                    .choices = {"fail", "backfill"}},
                   {.name = "until-caught-up",
                    .help = "end at the stream's first sign of life behind the newest event"},
                   {.name = "silence",
                    .value = "TIME",
                    .help =
                        "a stream without any sign of life for so long is opened again; the org "
                        "gives one every 270 s",
                    .type = ValueType::kDuration,
                    .default_value = "5m"},
                   {.name = "lease",
                    .value = "TIME",
                    .help = "how long this process keeps its place after it dies",
                    .type = ValueType::kDuration,
                    .default_value = "15s"}},
       .examples = {"firn events follow", "firn events follow Account --commit-every 5s"},
       .details = "Every table takes each change once, whatever stops this process: the snapshot "
                  "that holds\nthe rows says which events are in it. A second process on the same "
                  "topic waits.",
       .run = Follow});
  tree.Add({.path = "events topics",
            .summary = "the followed tables: topic, newest change, how far behind",
            .arguments = {kObjects},
            .examples = {"firn events topics", "firn events topics --json"},
            .run = Topics});
  tree.Add({.path = "events plan",
            .summary = "deliveries expected a day against the org's allotment",
            .examples = {"firn events plan"},
            .details = "Every event counts once for each subscription of any client of the org. "
                       "Exit code 1: more\nare expected than allotted.",
            .run = Plan});
}

}  // namespace firn::cli
