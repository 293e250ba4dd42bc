// events dlq list, show, edit, redrive, delete; events why.
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>

#include "app/cli/commands.h"
#include "core/base/file.h"
#include "core/base/time_text.h"
#include "patterns/events/outbox/outbox_store.h"

namespace firn::cli {
namespace {

using events::DeadLetter;
using events::OutboxStore;

constexpr int64_t kRedriveAtMost = 1'000'000;

Result<std::shared_ptr<OutboxStore>> Open(Context& context, OutboxStore::Use use) {
  FIRN_TRY(const project::Project* project, context.LoadProject());
  return OutboxStore::Open(project->state_folder, use);
}

// No rule has had an event yet: no letters, and nothing wrong.
bool NothingYet(const Error& error) { return error.code() == "EVENT-OUTBOX-002"; }

Result<int64_t> LetterId(Context& context) {
  const std::string text = context.Text("letter");
  int64_t id = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || text.size() > 18) {
      return Fail(context.UsageError("`" + text + "` is no number of a dead letter"));
    }
    id = id * 10 + (c - '0');
  }
  return id;
}

Result<ExitCode> LetterList(Context& context) {
  const auto outbox = Open(context, OutboxStore::Use::kReading);
  if (!outbox && !NothingYet(outbox.error())) return Fail(outbox.error());
  std::vector<DeadLetter> letters;
  if (outbox) {
    FIRN_TRY(letters, (*outbox)->Letters(context.Text("target"), context.Integer("limit")));
  }
  Table table;
  table.format = "firn.events.dlq/1";
  table.columns = {{.key = "letter", .title = "letter", .right = true},
                   {.key = "died", .title = "died"},
                   {.key = "target", .title = "target", .ink = Ink::kName},
                   {.key = "event_id", .title = "event"},
                   {.key = "code", .title = "code"},
                   {.key = "tries", .title = "tries", .right = true},
                   {.key = "queued", .title = "in queue"},
                   {.key = "error", .title = "error", .shrink = true}};
  table.when_empty = "no dead letters";
  for (const DeadLetter& letter : letters) {
    table.rows.push_back({letter.id, FormatUtc(letter.died, 0), letter.target, letter.event_id,
                          letter.code, int64_t{letter.tries}, letter.queued,
                          events::CutHint(letter.error).first});
  }
  context.out().Print(table);
  return ExitCode::kDone;
}

Result<ExitCode> LetterShow(Context& context) {
  FIRN_TRY(const int64_t id, LetterId(context));
  FIRN_TRY(const auto outbox, Open(context, OutboxStore::Use::kReading));
  FIRN_TRY(const DeadLetter letter, outbox->Letter(id));
  const auto [error, hint] = events::CutHint(letter.error);
  std::vector<Fact> facts = {
      {"letter", "letter", letter.id},
      {"target", "target", letter.target},
      {"target_arn", "target arn", letter.target_arn},
      {"rule_arn", "rule arn", letter.rule_arn},
      {"event_id", "event", letter.event_id},
      {"code", "code", letter.code},
      {"message", "message", letter.message},
      {"error", "error", error},
      {"hint", "hint", hint.empty() ? Cell() : Cell(hint)},
      {"condition", "exhausted", letter.condition.empty() ? Cell() : Cell(letter.condition)},
      {"tries", "tries", int64_t{letter.tries}},
      {"taken", "taken", FormatUtc(letter.taken)},
      {"died", "died", FormatUtc(letter.died)},
      {"queue_arn", "queue", letter.queue_arn.empty() ? Cell() : Cell(letter.queue_arn)},
      {"queued", "in queue", letter.queued}};
  if (context.Flag("event")) facts.push_back({"event", "the event", letter.event_json});
  context.out().Print("firn.events.letter/1", facts);
  return ExitCode::kDone;
}

Result<ExitCode> LetterEdit(Context& context) {
  FIRN_TRY(const int64_t id, LetterId(context));
  std::string text;
  if (context.Text("file") == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    FIRN_TRY(text, context.FileText("file", 8U << 20));
  }
  FIRN_TRY(const auto outbox, Open(context, OutboxStore::Use::kCommand));
  FIRN_CHECK(outbox->EditLetter(id, text));
  context.out().Talk("the event of dead letter " + std::to_string(id) + " is replaced");
  return ExitCode::kDone;
}

// The letters that are meant: one, those of a target, or all.
Result<std::vector<int64_t>> Meant(Context& context, OutboxStore* outbox) {
  if (context.Has("letter")) {
    FIRN_TRY(const int64_t id, LetterId(context));
    return std::vector<int64_t>{id};
  }
  if (!context.Has("target") && !context.Flag("all")) {
    return Fail(context.UsageError("name a dead letter, a `--target`, or `--all`"));
  }
  std::vector<int64_t> ids;
  if (outbox == nullptr) return ids;
  FIRN_TRY(const auto letters, outbox->Letters(context.Text("target"), kRedriveAtMost));
  for (auto letter = letters.rbegin(); letter != letters.rend(); ++letter)
    ids.push_back(letter->id);
  return ids;
}

// Of a project that no rule has had an event in, all letters are none.
Result<std::shared_ptr<OutboxStore>> OpenForSeveral(Context& context) {
  auto outbox = Open(context, OutboxStore::Use::kCommand);
  const bool none = !outbox && NothingYet(outbox.error()) && !context.Has("letter");
  if (none) return std::shared_ptr<OutboxStore>();
  return outbox;
}

Result<ExitCode> LetterRedrive(Context& context) {
  FIRN_TRY(const auto outbox, OpenForSeveral(context));
  FIRN_TRY(const auto ids, Meant(context, outbox.get()));
  int64_t redriven = 0;
  for (const int64_t id : ids) {
    FIRN_CHECK(context.call().Check());
    FIRN_CHECK(outbox->Redrive(id, context.call().clock->Now()));
    ++redriven;
  }
  context.out().Print("firn.events.redrive/1", {{"redriven", "redriven", redriven}});
  if (redriven > 0) {
    context.out().Talk(
        "they go to their targets with `firn events follow`, or with the next `firn events put`");
  }
  return ExitCode::kDone;
}

Result<ExitCode> LetterDelete(Context& context) {
  FIRN_TRY(const auto outbox, OpenForSeveral(context));
  FIRN_TRY(const auto ids, Meant(context, outbox.get()));
  if (!context.Flag("yes")) {
    return Fail(context.UsageError(fmt::format(
        "{} dead letters would be gone for good; add `--yes` to delete them", ids.size())));
  }
  for (const int64_t id : ids) FIRN_CHECK(outbox->RemoveLetter(id));
  context.out().Print("firn.events.letters-deleted/1",
                      {{"deleted", "deleted", static_cast<int64_t>(ids.size())}});
  return ExitCode::kDone;
}

Result<ExitCode> Why(Context& context) {
  FIRN_TRY(const auto outbox, Open(context, OutboxStore::Use::kReading));
  FIRN_TRY(const auto traces, outbox->Trace(context.Text("event")));
  if (traces.empty()) {
    return Fail(Error(Kind::kNotFound, "CLI-EVENTS-003",
                      "no rule has seen event `" + context.Text("event") + "`")
                    .Because("no rule's pattern fitted it, or it is longer than 72 hours ago")
                    .Hint("try its pattern with `firn events match`"));
  }
  Table table;
  table.format = "firn.events.why/1";
  table.columns = {{.key = "event_id", .title = "event", .ink = Ink::kName},
                   {.key = "detail_type", .title = "type"},
                   {.key = "record_id", .title = "record"},
                   {.key = "taken", .title = "taken"},
                   {.key = "target", .title = "target"},
                   {.key = "state", .title = "state"},
                   {.key = "tries", .title = "tries", .right = true},
                   {.key = "at", .title = "at"},
                   {.key = "code", .title = "code"},
                   {.key = "error", .title = "error", .shrink = true}};
  for (const events::EventTrace& trace : traces) {
    for (const events::DeliveryTrace& delivery : trace.deliveries) {
      table.rows.push_back({trace.event_id, trace.detail_type, trace.record_id,
                            FormatUtc(trace.taken, 0), delivery.target, delivery.state,
                            int64_t{delivery.tries}, FormatUtc(delivery.at, 0),
                            delivery.code.empty() ? Cell() : Cell(delivery.code),
                            delivery.error.empty() ? Cell() : Cell(delivery.error)});
    }
  }
  context.out().Print(table);
  return ExitCode::kDone;
}

const Argument kOneLetter = {.name = "letter", .help = "number of the dead letter"};
const Argument kSomeLetter = {
    .name = "letter", .help = "number of the dead letter", .required = false};
const Option kTargetOption = {
    .name = "target", .value = "RULE/ID", .help = "dead letters of this target"};

}  // namespace

void AddEventLetterCommands(CommandTree& tree) {
  tree.AddGroup({"events dlq", "dead letters: events that no target took"});
  tree.Add(
      {.path = "events dlq list",
       .summary = "dead letters, newest first",
       .options = {kTargetOption,
                   {.name = "limit",
                    .value = "N",
                    .help = "letters at most",
                    .type = ValueType::kInteger,
                    .default_value = "100"}},
       .examples = {"firn events dlq list", "firn events dlq list --target order-closed/queue"},
       .run = LetterList});
  tree.Add({.path = "events dlq show",
            .summary = "one dead letter with its whole error",
            .arguments = {kOneLetter},
            .options = {{.name = "event", .help = "with the event, which may hold personal data"}},
            .examples = {"firn events dlq show 7", "firn events dlq show 7 --event --json"},
            .run = LetterShow});
  tree.Add(
      {.path = "events dlq edit",
       .summary = "replace the event of a dead letter before it is redriven",
       .arguments = {kOneLetter, {.name = "file", .help = "the new event; - for standard input"}},
       .examples = {"firn events dlq edit 7 mended.json"},
       .run = LetterEdit});
  tree.Add({.path = "events dlq redrive",
            .summary = "send dead letters to their targets again",
            .arguments = {kSomeLetter},
            .options = {kTargetOption, {.name = "all", .help = "all of them"}},
            .examples = {"firn events dlq redrive 7",
                         "firn events dlq redrive --target order-closed/queue"},
            .run = LetterRedrive});
  tree.Add({.path = "events dlq delete",
            .summary = "forget dead letters for good",
            .arguments = {kSomeLetter},
            .options = {kTargetOption,
                        {.name = "all", .help = "all of them"},
                        {.name = "yes", .help = "do not ask"}},
            .examples = {"firn events dlq delete 7 --yes"},
            .run = LetterDelete});
  tree.Add({.path = "events why",
            .summary = "which rules saw an event, and where it is now",
            .arguments = {{.name = "event", .help = "its id, or the start of it"}},
            .examples = {"firn events why 7bf73129-1428-4cd3-a780-95db273d1602"},
            .run = Why});
}

}  // namespace firn::cli
