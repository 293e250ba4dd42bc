// sandbox load, traffic, snapshot, restore, clock.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/cli/commands/sandbox_link.h"
#include "core/base/encoding.h"
#include "core/base/file.h"
#include "sandbox/life/snapshot.h"

namespace firn::cli {
namespace {

using nlohmann::json;

constexpr size_t kPieceBytes = 8U << 20;  // of a CSV file, sent at once
constexpr size_t kErrorsShownMax = 20;

struct Loaded {
  int64_t loaded = 0;
  int64_t failed = 0;
  std::vector<std::string> errors;

  void Add(const json& report) {
    loaded += report.value("loaded", int64_t{0});
    failed += report.value("failed", int64_t{0});
    for (const json& error : report.value("errors", json::array())) {
      if (errors.size() < kErrorsShownMax) errors.push_back(error.get<std::string>());
    }
  }
};

// Reads a CSV file in pieces that end where a record does.
class CsvPieces {
 public:
  explicit CsvPieces(std::ifstream& in) : in_(in) {}
  // Empty at the end. The records of the piece are counted in `records`.
  std::string Next(size_t& records) {
    std::string piece;
    std::string line;
    records = 0;
    while ((quoted_ || piece.size() < kPieceBytes) && std::getline(in_, line)) {
      if (!in_.eof()) line += '\n';
      for (const char c : line) quoted_ = quoted_ != (c == '"');
      piece += line;
      if (!quoted_) ++records;
    }
    return piece;
  }

 private:
  std::ifstream& in_;
  bool quoted_ = false;
};

Result<void> LoadCsvFile(Context& context, const std::string& path, Loaded& total) {
  std::ifstream in(path, std::ios::binary);
  std::string header;
  if (!std::getline(in, header)) {
    return Fail(Error(Kind::kNotFound, "CLI-SANDBOX-004", "the file cannot be read").At(path));
  }
  header += '\n';
  CsvPieces pieces(in);
  size_t before = 0;
  for (;;) {
    size_t records = 0;
    const std::string piece = pieces.Next(records);
    if (piece.empty()) return {};
    const std::string query = FormEncode({{"format", "csv"},
                                          {"object", context.Text("object")},
                                          {"rows_before", std::to_string(before)}});
    FIRN_TRY(const json report, Ask(context, "POST", "load?" + query, header + piece));
    total.Add(report);
    before += records;
    context.progress().Update({.what = "loading", .rows = total.loaded});
  }
}

// An sf plan names files beside it: they go out as one request, so that references hold.
Result<std::string> WithPlanFiles(const std::string& path, const json& plan) {
  json steps = json::array();
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  for (const json& step : plan) {
    json records = json::array();
    for (const json& name : step.value("files", json::array())) {
      FIRN_TRY(const std::string text, ReadFile(folder / name.get<std::string>()));
      const json file = json::parse(text, nullptr, false);
      for (const json& record : file.is_object() ? file.value("records", json::array()) : file) {
        records.push_back(record);
      }
    }
    steps.push_back({{"sobject", step.value("sobject", "")}, {"records", std::move(records)}});
  }
  return json{{"plan", steps}}.dump();
}

bool IsPlan(const json& file) {
  return file.is_array() && !file.empty() && file[0].is_object() && file[0].contains("files");
}

bool IsDescribe(const json& file) {
  const json& one = file.is_array() && !file.empty() ? file[0] : file;
  return one.is_object() && one.contains("fields") && one["fields"].is_array();
}

Result<void> LoadJsonFile(Context& context, const std::string& path, Loaded& total) {
  FIRN_TRY(std::string text, ReadFile(path));
  const json file = json::parse(text, nullptr, false);
  if (file.is_discarded()) {
    return Fail(Error(Kind::kBadInput, "CLI-SANDBOX-004", "the file is not JSON").At(path));
  }
  if (IsDescribe(file)) {
    FIRN_TRY(const json report, Ask(context, "POST", "load?format=describe", text));
    context.out().Talk(
        fmt::format("the org knows {} objects of {}", report.value("objects", int64_t{0}), path));
    return {};
  }
  if (IsPlan(file)) {
    FIRN_TRY(text, WithPlanFiles(path, file));
  }
  const std::string query = FormEncode({{"format", "json"}, {"object", context.Text("object")}});
  FIRN_TRY(const json report, Ask(context, "POST", "load?" + query, text));
  total.Add(report);
  return {};
}

Result<ExitCode> Load(Context& context) {
  Loaded total;
  for (const std::string& path : context.List("file")) {
    const bool csv = std::filesystem::path(path).extension() == ".csv";
    if (csv && !context.Has("object")) return Fail(context.UsageError("CSV needs --object NAME"));
    FIRN_CHECK(csv ? LoadCsvFile(context, path, total) : LoadJsonFile(context, path, total));
  }
  for (const std::string& error : total.errors) context.out().Talk(error);
  context.out().Print("firn.sandbox.load/1",
                      {{"loaded", "loaded", total.loaded}, {"failed", "failed", total.failed}});
  return total.failed == 0 ? ExitCode::kDone : ExitCode::kFailed;
}

Result<ExitCode> Traffic(Context& context) {
  json answer;
  if (context.Flag("stop")) {
    FIRN_TRY(answer, Ask(context, "DELETE", "traffic"));
  } else if (context.Has("changes")) {
    const json wish = {{"changes", context.Integer("changes")}, {"seed", context.Integer("seed")}};
    FIRN_TRY(answer, Ask(context, "POST", "traffic", wish.dump()));
    std::vector<Fact> facts;
    const json kinds = answer.value("kinds", json::object());
    for (const auto& [kind, count] : kinds.items()) {
      std::string title = kind;
      for (char& c : title) c = c == '_' ? ' ' : c;
      facts.push_back({kind, title, count.get<int64_t>()});
    }
    context.out().Print("firn.sandbox.traffic.changes/1", facts);
    return ExitCode::kDone;
  } else if (context.Has("per-second")) {
    const json wish = {{"per_second", context.Number("per-second")},
                       {"seed", context.Integer("seed")}};
    FIRN_TRY(answer, Ask(context, "POST", "traffic", wish.dump()));
  } else {
    FIRN_TRY(answer, Ask(context, "GET", "traffic"));
  }
  context.out().Print("firn.sandbox.traffic/1",
                      {{"running", "running", answer.value("running", false)},
                       {"per_second", "changes a second", answer.value("per_second", 0.0)},
                       {"made", "changes made", answer.value("made", int64_t{0})}});
  return ExitCode::kDone;
}

Result<ExitCode> Snapshot(Context& context) {
  const std::string to = std::filesystem::absolute(context.Text("to")).lexically_normal();
  if (context.Has("url") || IsRunning(context.Text("folder"))) {
    FIRN_CHECK(Ask(context, "POST", "snapshot", json{{"to", to}}.dump()));
  } else {
    FIRN_CHECK(sandbox::TakeSnapshot(context.Text("folder"), to));
  }
  context.out().Print("firn.sandbox.snapshot/1", {{"snapshot", "snapshot", to}});
  return ExitCode::kDone;
}

Result<ExitCode> Restore(Context& context) {
  const std::string folder = context.Text("folder");
  if (FileExists(folder + "/org.db") && !context.Flag("yes")) {
    return Fail(context.UsageError("--yes is needed: what " + folder + " holds is replaced"));
  }
  FIRN_CHECK(sandbox::RestoreSnapshot(context.Text("from"), folder));
  context.out().Talk("restored; start it with `firn sandbox up --folder " + folder + "`");
  return ExitCode::kDone;
}

Result<ExitCode> Clock(Context& context) {
  json wish;
  if (context.Has("advance")) {
    wish["advance_seconds"] = std::chrono::duration<double>(context.Duration("advance")).count();
  } else if (context.Has("set")) {
    wish["now"] = context.Text("set");
  } else if (context.Flag("reset")) {
    wish["offset_seconds"] = 0;
  }
  FIRN_TRY(const json answer, wish.is_null() ? Ask(context, "GET", "clock")
                                             : Ask(context, "POST", "clock", wish.dump()));
  context.out().Print("firn.sandbox.clock/1",
                      {{"now", "its clock", answer.value("now", "")},
                       {"offset_seconds", "ahead, seconds", answer.value("offset_seconds", 0.0)}});
  return ExitCode::kDone;
}

Command LoadCommand() {
  return {.path = "sandbox load",
          .summary = "bring records or a schema into a running sandbox",
          .arguments = {{.name = "file",
                         .help = "CSV; JSON records or an sf export tree or plan; describe answers",
                         .repeats = true}},
          .options = {FolderOption(),
                      UrlOption(),
                      {.name = "object", .value = "NAME", .help = "what the records are"}},
          .examples = {"firn sandbox load accounts.csv --object Account",
                       "firn sandbox load Account-Contact-plan.json"},
          .run = Load};
}

Command TrafficCommand() {
  return {.path = "sandbox traffic",
          .summary = "make plausible changes: leads converted, stages moved, cases escalated",
          .options = {FolderOption(),
                      UrlOption(),
                      {.name = "changes",
                       .value = "N",
                       .help = "make so many now",
                       .type = ValueType::kInteger},
                      {.name = "per-second",
                       .value = "X",
                       .help = "make so many a second from now on",
                       .type = ValueType::kNumber},
                      {.name = "seed",
                       .value = "N",
                       .help = "decides which",
                       .type = ValueType::kInteger,
                       .default_value = "1"},
                      {.name = "stop", .help = "stop what runs"}},
          .examples = {"firn sandbox traffic --changes 1000 --seed 7",
                       "firn sandbox traffic --per-second 5"},
          .run = Traffic};
}

}  // namespace

void AddSandboxLifeCommands(CommandTree& tree) {
  tree.Add(LoadCommand());
  tree.Add(TrafficCommand());
  tree.Add({.path = "sandbox snapshot",
            .summary = "copy an org, running or not",
            .options = {FolderOption(),
                        UrlOption(),
                        {.name = "to",
                         .value = "DIR",
                         .help = "a folder that does not exist yet",
                         .required = true}},
            .run = Snapshot});
  tree.Add({.path = "sandbox restore",
            .summary = "put a snapshot in the place of an org that does not run",
            .options = {FolderOption(),
                        {.name = "from", .value = "DIR", .help = "the snapshot", .required = true},
                        {.name = "yes", .help = "replace what the folder holds"}},
            .run = Restore});
  tree.Add({.path = "sandbox clock",
            .summary = "show or move the org's clock",
            .options = {FolderOption(),
                        UrlOption(),
                        {.name = "advance",
                         .value = "TIME",
                         .help = "forwards by so much: `3h`",
                         .type = ValueType::kDuration},
                        {.name = "set", .value = "TIME", .help = "to this instant (ISO 8601)"},
                        {.name = "reset", .help = "back to the machine's clock"}},
            .run = Clock});
}

}  // namespace firn::cli
