// events rules list, events rules check, events put, events run.
#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <iostream>
#include <system_error>

#include "app/cli/commands.h"
#include "app/engine/rules_link.h"
#include "core/base/time_text.h"
#include "patterns/events/rules/rule_event.h"

namespace firn::cli {
namespace {

constexpr size_t kEventsATime = 2000;
constexpr size_t kLineBytesMax = 4U << 20;

std::string InputWord(const project::RuleTarget& target) {
  static constexpr std::string_view kWords[] = {"event", "Input", "InputPath", "InputTransformer"};
  return std::string(kWords[target.input.index()]);
}

Result<project::RuleSet> LoadRulesOf(Context& context, config::Problems* problems) {
  FIRN_TRY(const project::Project* project, context.LoadProject());
  return project::LoadRules(project->folder, {}, problems);
}

Result<ExitCode> RulesList(Context& context) {
  config::Problems problems;
  FIRN_TRY(const project::RuleSet set, LoadRulesOf(context, &problems));
  FIRN_TRY(const project::Project* project, context.LoadProject());
  std::map<std::string, events::TargetCounts> waiting;
  const auto outbox =
      events::OutboxStore::Open(project->state_folder, events::OutboxStore::Use::kReading);
  if (outbox) {
    FIRN_TRY(const auto counts, (*outbox)->Waiting());
    for (const events::TargetCounts& each : counts) waiting[each.target] = each;
  }
  Table table;
  table.format = "firn.events.rules/1";
  table.columns = {{.key = "rule", .title = "rule", .ink = Ink::kName},
                   {.key = "state", .title = "state"},
                   {.key = "target", .title = "target"},
                   {.key = "kind", .title = "kind"},
                   {.key = "input", .title = "input"},
                   {.key = "waiting", .title = "waiting", .right = true},
                   {.key = "tried", .title = "tried", .right = true},
                   {.key = "arn", .title = "arn", .shrink = true}};
  table.when_empty = "no rules: write one to `rules/NAME.json`";
  for (const project::Rule& rule : set.rules) {
    for (const project::RuleTarget& target : rule.targets) {
      const events::TargetCounts& counts = waiting[rule.name + "/" + target.id];
      table.rows.push_back({rule.name, std::string(rule.enabled ? "enabled" : "disabled"),
                            target.id, std::string(project::TargetKindName(target.kind)),
                            InputWord(target), counts.waiting, counts.tried, target.arn});
    }
  }
  context.out().Print(table);
  for (const Error& problem : problems) context.out().TellProblem(problem);
  return problems.empty() ? ExitCode::kDone : ExitCode::kUsage;
}

Result<ExitCode> RulesCheck(Context& context) {
  config::Problems problems;
  FIRN_TRY(const project::RuleSet set, LoadRulesOf(context, &problems));
  int64_t targets = 0;
  for (const project::Rule& rule : set.rules) targets += static_cast<int64_t>(rule.targets.size());
  context.out().PrintChecked(
      "firn.events.rules-check/1",
      {{"rules", "rules", static_cast<int64_t>(set.rules.size())},
       {"targets", "targets", targets},
       {"destinations", "API destinations", static_cast<int64_t>(set.destinations.size())},
       {"clusters", "Kafka clusters", static_cast<int64_t>(set.clusters.size())}},
      problems);
  return problems.empty() ? ExitCode::kDone : ExitCode::kUsage;
}

// The file of argument or option `name`, or standard input.
class Lines {
 public:
  static Result<std::unique_ptr<Lines>> Open(const std::string& name) {
    auto lines = std::make_unique<Lines>();
    if (name.empty() || name == "-") return lines;
    lines->file_.open(name);
    if (!lines->file_) {
      return Fail(Error(Kind::kNotFound, "CLI-EVENTS-002", "cannot open the file of events")
                      .At(name)
                      .Because(std::generic_category().message(errno))
                      .Hint("check the name; - stands for standard input"));
    }
    lines->in_ = &lines->file_;
    lines->name_ = name;
    return lines;
  }
  // The next events, none at the end. Errors: BadInput naming file and line.
  Result<std::vector<events::RuleEvent>> Next() {
    std::vector<events::RuleEvent> found;
    for (std::string line; found.size() < kEventsATime && std::getline(*in_, line);) {
      ++number_;
      if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
      if (line.size() > kLineBytesMax) return Fail(Broken("it is longer than 4 MiB"));
      auto event = events::ParseRuleEvent(line);
      if (!event) return Fail(std::move(event).error().At(Where()));
      found.push_back(*std::move(event));
    }
    return found;
  }

 private:
  [[nodiscard]] std::string Where() const { return name_ + ":" + std::to_string(number_); }
  Error Broken(std::string why) const {
    return Error(Kind::kBadInput, "EVENT-RULE-001", "this is no event for rules")
        .At(Where())
        .Because(std::move(why));
  }
  std::ifstream file_;
  std::istream* in_ = &std::cin;
  std::string name_ = "standard input";
  int64_t number_ = 0;
};

struct TakeTotals {
  events::AddReport taken;
  events::DrainReport done;
};

void Count(events::AddReport* sum, const events::AddReport& part) {
  sum->events_new += part.events_new;
  sum->events_duplicate += part.events_duplicate;
  sum->deliveries += part.deliveries;
}

void Count(events::DrainReport* sum, const events::DrainReport& part) {
  sum->delivered += part.delivered;
  sum->failed += part.failed;
  sum->dead += part.dead;
  sum->waiting = part.waiting;
}

ExitCode PrintTotals(Context& context, const TakeTotals& totals) {
  context.out().Print("firn.events.put/1",
                      {{"events", "events", totals.taken.events_new},
                       {"duplicates", "duplicates", totals.taken.events_duplicate},
                       {"deliveries", "deliveries", totals.taken.deliveries},
                       {"delivered", "delivered", totals.done.delivered},
                       {"failed", "failed tries", totals.done.failed},
                       {"dead", "dead letters", totals.done.dead},
                       {"waiting", "waiting", totals.done.waiting}});
  return totals.done.dead > 0 || totals.done.waiting > 0 ? ExitCode::kFailed : ExitCode::kDone;
}

Result<ExitCode> Put(Context& context) {
  FIRN_TRY(const project::Project* project, context.LoadProject());
  FIRN_TRY(const auto lines, Lines::Open(context.Text("file")));
  MetricsRegistry metrics;
  FIRN_TRY(const auto link, engine::RulesLink::Open(*project, context.secrets(), &metrics));
  for (const Error& problem : link->problems()) {
    context.out().Warn("a rule is left out: " + problem.OneLine());
  }
  TakeTotals totals;
  for (;;) {
    FIRN_TRY(auto next, lines->Next());
    if (next.empty()) break;
    FIRN_TRY(const auto report, link->engine().TakeEvents(context.call(), std::move(next)));
    Count(&totals.taken, report);
  }
  const SteadyTime until = context.call().clock->Steady() + context.Duration("wait");
  for (;;) {
    FIRN_TRY(const auto report, link->engine().Drain(context.call()));
    Count(&totals.done, report);
    if (report.waiting == 0 || context.call().clock->Steady() >= until) break;
    FIRN_CHECK(context.call().Sleep(std::chrono::milliseconds(200)));
  }
  FIRN_CHECK(link->engine().KeepHouse(context.call()));
  return PrintTotals(context, totals);
}

const std::string kEventExample =
    R"({"id":"7bf7","source":"aws.partner/salesforce.com/00D../OpportunityChangeEvent",)"
    "\n"
    R"(    "detail-type":"OpportunityChangeEvent","time":"2026-11-26T02:00:00Z","account":"123456789012",)"
    "\n"
    R"(    "region":"eu-central-1","resources":[],"detail":{"payload":{..}}})";

}  // namespace

void AddEventRuleCommands(CommandTree& tree) {
  tree.AddGroup({"events rules", "the rules of the project"});
  tree.Add({.path = "events rules list",
            .summary = "rules, their targets, and what waits for them",
            .examples = {"firn events rules list", "firn events rules list --json"},
            .run = RulesList});
  tree.Add({.path = "events rules check",
            .summary = "read all rules, destinations and Kafka clusters and tell what is wrong",
            .examples = {"firn events rules check"},
            .run = RulesCheck});
  tree.Add(
      {.path = "events put",
       .summary = "send events of a file through the rules to their targets",
       .arguments = {{.name = "file",
                      .help = "JSON lines; standard input when absent or -",
                      .required = false}},
       .options = {{.name = "wait",
                    .value = "TIME",
                    .help = "how long to go on while targets fail",
                    .type = ValueType::kDuration,
                    .default_value = "0s"}},
       .examples = {"firn events put events.jsonl", "firn events put --wait 1m < events.jsonl"},
       .details =
           "Each line is an event as EventBridge shows it:\n\n    " + kEventExample +
           "\n\nFor trying rules and targets, and for events from elsewhere. Events that were "
           "seen in the\nlast 72 hours are left out. What could not be delivered yet stays "
           "in the outbox, and the\nnext `firn events put` goes on with it; exit code 1 says "
           "so.",
       .run = Put});
}

}  // namespace firn::cli
