// events tail, replay, quarantine.
#include <fmt/format.h>

#include "app/cli/commands.h"
#include "app/cli/commands/event_session.h"
#include "app/engine/rules_link.h"
#include "core/base/encoding.h"
#include "core/base/time_text.h"
#include "patterns/events/stream/quarantine.h"
#include "patterns/events/stream/tail.h"

namespace firn::cli {
namespace {

using From = salesforce::ReplayPosition::From;

constexpr std::string_view kEventFormat = "firn.events.event/1";
constexpr size_t kReplayedAtOnce = 2'000;

// `latest`, `earliest`, a time, or a replay id in base64 as `events tail` prints it.
Result<void> Begin(Context& context, events::TailOptions& options) {
  const std::string text = context.Text("from");
  if (text == "latest") {
    options.start = {From::kLatest, ""};
    return {};
  }
  options.start = {From::kEarliest, ""};
  if (text == "earliest") return {};
  if (const auto time = ParseInstant(text)) {
    options.from = *time;
    return {};
  }
  const auto bytes = FromBase64(text);
  if (!bytes || bytes->empty()) {
    return Fail(context.UsageError("`" + text + "` is neither a time nor a replay id")
                    .Hint("`latest`, `earliest`, `2026-11-26T08:00:00Z`, or what `events tail` "
                          "shows as replay id"));
  }
  options.start = {From::kAfter, *bytes};
  return {};
}

void NameTopic(Context& context, const EventSession& session, events::TailOptions& options) {
  options.topic = context.Text("topic");
  options.org_id = session.parts().org_id;
  const auto place = session.PlaceOf(options.topic);
  options.account = place.account;
  options.region = place.region;
}

Result<void> Show(Context& context, const events::Envelope& event, const Error* undecodable) {
  const std::string replay = Base64(event.replay_id);
  if (undecodable != nullptr) {
    context.out().Line(fmt::format("{} cannot be decoded: {}", replay, undecodable->OneLine()));
    context.out().Json(kEventFormat,
                       fmt::format(R"({{"replay_id":{},"id":{},"error":{}}})", JsonQuote(replay),
                                   JsonQuote(event.id), JsonQuote(undecodable->OneLine())));
  } else if (context.out().json()) {
    context.out().Json(kEventFormat, fmt::format(R"({{"replay_id":{},"event":{}}})",
                                                 JsonQuote(replay), event.Json()));
  } else if (context.Flag("values")) {
    context.out().Line(event.Json());
  } else {
    context.out().Line(fmt::format("{}  {}  {:<12}  {}  {}", FormatUtc(event.time), replay,
                                   event.event_type, event.entity, event.record_id));
  }
  context.out().Flush();
  // The subscription would go on being billed for a reader that has gone.
  if (context.out().closed()) return Fail(Kind::kCancelled, "BASE-CALL-001", "nobody reads it");
  return {};
}

// Brings events to a rule's targets, some at a time.
class Replayer {
 public:
  Replayer(Context& context, events::RuleEngine& engine) : context_(context), engine_(engine) {
    where_.to = context.Text("to");
    where_.replay = context.Has("name") ? context.Text("name")
                                        : "replay-" + FormatUtc(context.call().clock->Now(), 3);
  }

  Result<void> Take(const events::Envelope& event, const Error* undecodable) {
    if (undecodable != nullptr) {
      ++undecodable_;
      return {};
    }
    waiting_.push_back(events::RuleEventOf(event));
    return waiting_.size() >= kReplayedAtOnce ? Flush() : Result<void>();
  }

  // What was taken, to its end; what a target does not take now stays for its next try.
  Result<ExitCode> Finish() {
    FIRN_CHECK(Flush());
    FIRN_TRY(const auto last, engine_.Drain(context_.call()));
    Count(last);
    context_.out().Print("firn.events.replayed/1",
                         {{"replay", "replay", where_.replay},
                          {"events", "events", taken_.events_new},
                          {"duplicates", "duplicates", taken_.events_duplicate},
                          {"undecodable", "undecodable", undecodable_},
                          {"deliveries", "deliveries", taken_.deliveries},
                          {"delivered", "delivered", done_.delivered},
                          {"dead", "dead letters", done_.dead},
                          {"waiting", "waiting", done_.waiting}});
    return done_.dead > 0 || done_.waiting > 0 || undecodable_ > 0 ? ExitCode::kFailed
                                                                   : ExitCode::kDone;
  }

 private:
  Result<void> Flush() {
    FIRN_TRY(const auto report,
             engine_.TakeReplay(context_.call(), std::exchange(waiting_, {}), where_));
    taken_.events_new += report.events_new;
    taken_.events_duplicate += report.events_duplicate;
    taken_.deliveries += report.deliveries;
    FIRN_TRY(const auto done, engine_.Drain(context_.call()));
    Count(done);
    return {};
  }
  void Count(const events::DrainReport& done) {
    done_.delivered += done.delivered;
    done_.dead += done.dead;
    done_.waiting = done.waiting;
  }

  Context& context_;
  events::RuleEngine& engine_;
  events::RuleEngine::ReplayTo where_;
  std::vector<events::RuleEvent> waiting_;
  events::AddReport taken_;
  events::DrainReport done_;
  int64_t undecodable_ = 0;
};

Result<ExitCode> ReplayTo(Context& context, events::TailOptions options) {
  FIRN_CHECK(Begin(context, options));
  FIRN_TRY(const auto session, OpenEventSession(context, LakeUse::kNone));
  FIRN_TRY(const auto* project, context.LoadProject());
  FIRN_TRY(const auto link,
           engine::RulesLink::Open(*project, context.secrets(), &session->metrics));
  for (const Error& problem : link->problems()) {
    context.out().Warn("a rule is left out: " + problem.OneLine());
  }
  link->Lend(session->parts().org, session->pubsub());
  NameTopic(context, *session, options);
  Replayer replayer(context, link->engine());
  FIRN_CHECK(events::TailTopic(context.call(), session->pubsub(), options,
                               [&](const events::Envelope& event, const Error* undecodable) {
                                 return replayer.Take(event, undecodable);
                               }));
  return replayer.Finish();
}

Result<ExitCode> Run(Context& context, events::TailOptions options) {
  FIRN_CHECK(Begin(context, options));
  FIRN_TRY(const auto session, OpenEventSession(context, LakeUse::kNone));
  NameTopic(context, *session, options);
  const auto shown =
      events::TailTopic(context.call(), session->pubsub(), options,
                        [&](const events::Envelope& event, const Error* undecodable) {
                          return Show(context, event, undecodable);
                        });
  if (context.out().closed()) return ExitCode::kDone;
  if (!shown) return Fail(shown.error());
  context.out().Talk(fmt::format("{} event{}", *shown, *shown == 1 ? "" : "s"));
  return ExitCode::kDone;
}

Result<ExitCode> TailCommand(Context& context) {
  events::TailOptions options;
  options.until_caught_up = !context.Flag("follow");
  if (context.Has("count")) options.events_max = context.Integer("count");
  return Run(context, std::move(options));
}

Result<ExitCode> ReplayCommand(Context& context) {
  events::TailOptions options;
  options.until_caught_up = true;
  if (context.Has("until")) {
    const auto until = ParseInstant(context.Text("until"));
    if (!until)
      return Fail(context.UsageError("`--until` is no time").Because(until.error().what()));
    options.until = *until;
  }
  if (context.Has("to")) return ReplayTo(context, std::move(options));
  if (context.Has("name")) return Fail(context.UsageError("`--name` is for `--to`"));
  return Run(context, std::move(options));
}

Result<events::Quarantine> OpenQuarantine(Context& context) {
  FIRN_TRY(const auto* project, context.LoadProject());
  return events::Quarantine(QuarantineFolder(*project));
}

Result<ExitCode> ListQuarantine(Context& context) {
  FIRN_TRY(const auto quarantine, OpenQuarantine(context));
  FIRN_TRY(const auto kept, quarantine.List());
  Table table{.format = "firn.events.quarantine/1",
              .columns = {{"file", "event", false, false, Ink::kName},
                          {"received", "received"},
                          {"topic", "topic"},
                          {"schema_id", "schema"},
                          {"bytes", "bytes", true},
                          {"reason", "reason", false, true}},
              .rows = {},
              .when_empty = "no event is in quarantine"};
  for (const auto& event : kept) {
    table.rows.push_back({event.file, event.received, event.topic, event.schema_id,
                          static_cast<int64_t>(event.payload.size()), event.reason});
  }
  context.out().Print(table);
  return ExitCode::kDone;
}

Result<ExitCode> ShowQuarantined(Context& context) {
  FIRN_TRY(const auto quarantine, OpenQuarantine(context));
  FIRN_TRY(const auto event, quarantine.Show(context.Text("event")));
  context.out().Print("firn.events.quarantined/1",
                      {{"topic", "topic", event.topic},
                       {"received", "received", event.received},
                       {"event_id", "event id", event.event_id},
                       {"schema_id", "schema id", event.schema_id},
                       {"replay_id", "replay id", Base64(event.replay_id)},
                       {"reason", "reason", event.reason},
                       {"payload", "payload", Base64(event.payload)}});
  return ExitCode::kDone;
}

Result<ExitCode> RemoveQuarantined(Context& context) {
  FIRN_TRY(auto quarantine, OpenQuarantine(context));
  FIRN_CHECK(quarantine.Remove(context.Text("event")));
  return ExitCode::kDone;
}

const Argument kTopic = {.name = "topic", .help = "`/data/AccountChangeEvent`, `/event/X__e`"};
const Option kValues = {.name = "values", .help = "the whole event, as rules see it"};

Option FromOption(const char* standard) {
  return {.name = "from",
          .value = "WHERE",
          .help = "`latest`, `earliest`, a time, or a replay id",
          .default_value = standard};
}

}  // namespace

void AddEventTailCommands(CommandTree& tree) {
  tree.Add({.path = "events tail",
            .summary = "show a topic's events as they come",
            .arguments = {kTopic},
            .options = {FromOption("latest"),
                        {.name = "follow", .help = "go on until Ctrl-C, not only till caught up"},
                        {.name = "count",
                         .value = "N",
                         .help = "end after so many",
                         .type = ValueType::kInteger},
                        kValues},
            .examples = {"firn events tail /data/AccountChangeEvent --follow"},
            .details = "A look is a subscription of its own: each event shown counts against the "
                       "org's deliveries.",
            .run = TailCommand});
  Option from = FromOption("earliest");
  from.required = true;
  from.default_value.clear();
  tree.Add(
      {.path = "events replay",
       .summary = "show the events that the org still keeps, from a time or a replay id, or bring "
                  "them to a target",
       .arguments = {kTopic},
       .options = {std::move(from),
                   {.name = "until", .value = "TIME", .help = "end at the first one after it"},
                   {.name = "to",
                    .value = "RULE[/TARGET]",
                    .help = "bring those that the rule is for to its targets, or to that one"},
                   {.name = "name",
                    .value = "NAME",
                    .help = "of the replay, in `replay-name`: the same one brings an event once, "
                            "however often it is begun again"},
                   kValues},
       .examples = {"firn events replay /data/AccountChangeEvent --from 2026-11-26T08:00:00Z",
                    "firn events replay /event/Order_Event__e --from AAAAAAAAAAc= --json",
                    "firn events replay /data/OpportunityChangeEvent --from 2026-11-26T08:00:00Z "
                    "--to closed/shop"},
       .details = "Salesforce keeps events for 72 hours. Tables are not touched: they follow "
                  "by their own position.\nWith `--to` the process that delivers the "
                  "project's events must not run.",
       .run = ReplayCommand});
  tree.AddGroup({"events quarantine", "events that nothing could be made of"});
  tree.Add({.path = "events quarantine list",
            .summary = "the events in quarantine, and why",
            .examples = {"firn events quarantine list"},
            .run = ListQuarantine});
  const Argument event = {.name = "event", .help = "its name, as listed"};
  tree.Add({.path = "events quarantine show",
            .summary = "one of them with its bytes; they may hold personal data",
            .arguments = {event},
            .examples = {"firn events quarantine show 0f3a.event.json"},
            .run = ShowQuarantined});
  tree.Add({.path = "events quarantine remove",
            .summary = "delete one of them",
            .arguments = {event},
            .examples = {"firn events quarantine remove 0f3a.event.json"},
            .run = RemoveQuarantined});
}

}  // namespace firn::cli
