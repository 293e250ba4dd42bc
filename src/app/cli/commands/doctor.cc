// doctor: finds it before support does.
#include "app/cli/commands/doctor.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <set>
#include <thread>

#include "app/cli/commands.h"
#include "app/cli/version.h"
#include "core/base/file.h"
#include "core/base/nearest.h"
#include "core/base/time_text.h"

namespace firn::cli {
namespace {

struct Line {
  std::string check;
  std::string org;  // empty: of the project
  Finding finding;
  int64_t millis = 0;
};

// The check itself and those it stands on.
std::set<std::string> Wanted(const std::string& name) {
  std::set<std::string> wanted = {name};
  const bool of_org =
      std::ranges::any_of(OrgChecks(), [&](const OrgCheck& check) { return check.name == name; });
  if (name != "config") wanted.insert("config");
  if (name == "disk") wanted.insert("state");  // which makes the folder
  if (of_org) wanted.insert("reach");
  if (name == "api-version" || name == "limits" || name == "pubsub") wanted.insert("sign-in");
  return wanted;
}

template <typename Work>
Line Timed(const Context& context, std::string_view name, const std::string& org, Work&& work) {
  const SteadyTime start = context.call().clock->Steady();
  Line line{std::string(name), org, work(), 0};
  const auto took = context.call().clock->Steady() - start;
  line.millis = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
  return line;
}

// The org that was named, which the project has (Doctor), else all of them.
std::vector<const project::Org*> OrgsToExamine(Context& context, const project::Project& project) {
  std::vector<const project::Org*> orgs;
  if (const auto named = context.LoadOrg(); named) return {*named};
  for (const project::Org& org : project.orgs) orgs.push_back(&org);
  return orgs;
}

std::vector<Line> Examine(Context& context, const std::set<std::string>& wanted) {
  const auto skip = [&](std::string_view name) {
    return !wanted.empty() && !wanted.contains(std::string(name));
  };
  Examination exam;
  exam.context = &context;
  std::vector<Line> lines;
  for (const ProjectCheck& check : ProjectChecks()) {
    if (skip(check.name)) continue;
    lines.push_back(Timed(context, check.name, "", [&] { return check.run(exam); }));
  }
  if (exam.project == nullptr) return lines;
  for (const project::Org* org : OrgsToExamine(context, *exam.project)) {
    OrgExamination of_org;
    of_org.org = org;
    for (const OrgCheck& check : OrgChecks()) {
      if (skip(check.name)) continue;
      lines.push_back(Timed(context, check.name, org->id, [&] { return check.run(exam, of_org); }));
    }
  }
  return lines;
}

Ink InkOf(Health health) {
  switch (health) {
    case Health::kOk:
      return Ink::kGood;
    case Health::kWarn:
      return Ink::kWarning;
    case Health::kFail:
      return Ink::kBad;
    case Health::kSkip:
      break;
  }
  return Ink::kPlain;
}

// `ok    clock  prod  in step with the org  3 ms`, and the remedy below what is not well.
void PrintLines(Context& context, const std::vector<Line>& lines) {
  Output& out = context.out();
  const Terminal& terminal = out.terminal();
  const bool aligned = terminal.out_is_terminal;
  for (const Line& line : lines) {
    const std::string health(HealthName(line.finding.health));
    const std::string subject = line.org.empty() ? line.check : line.check + " " + line.org;
    const std::string time = fmt::format("{} ms", line.millis);
    if (!aligned) {
      out.Raw(fmt::format("{}\t{}\t{}\t{}\t{}\n", health, subject, line.finding.fact, time,
                          line.finding.remedy));
      continue;
    }
    const std::string head = fmt::format("  {:<20}  ", subject);
    const int room = terminal.width - 6 - static_cast<int>(head.size()) - 10;
    out.Raw(out.Out(InkOf(line.finding.health), fmt::format("{:<4}", health)) + head +
            CutToWidth(line.finding.fact, std::max(20, room)) + "  " + time + "\n");
    if (!line.finding.remedy.empty()) {
      out.Raw("      " + out.Out(Ink::kName, "remedy:") + " " + line.finding.remedy + "\n");
    }
  }
}

std::string LinesJson(const std::vector<Line>& lines) {
  std::string checks;
  for (const Line& line : lines) {
    checks += fmt::format(
        R"({}{{"check":{},"org":{},"status":{},"fact":{},"remedy":{},"millis":{}}})",
        checks.empty() ? "" : ",", JsonQuote(line.check),
        line.org.empty() ? "null" : JsonQuote(line.org), JsonQuote(HealthName(line.finding.health)),
        JsonQuote(line.finding.fact),
        line.finding.remedy.empty() ? "null" : JsonQuote(line.finding.remedy), line.millis);
  }
  return "[" + checks + "]";
}

// For support: what was found and on which machine. No secret is ever read into it, and people's
// names (users of the orgs, hosts) are left out.
Result<std::string> WriteBundle(Context& context, const std::vector<Line>& lines) {
  utsname system{};
  uname(&system);
  const auto project = context.LoadProject();
  std::string orgs;
  if (project) {
    for (const project::Org& org : (*project)->orgs) {
      orgs += fmt::format(R"({}{{"id":{},"flow":{},"api_version":{},"share":{}}})",
                          orgs.empty() ? "" : ",", JsonQuote(org.id),
                          JsonQuote(AuthFlowName(org.auth.flow)), JsonQuote(org.api_version),
                          org.limits.share);
    }
  }
  const std::string now = FormatUtc(context.call().clock->Now(), 0);
  const std::string text = fmt::format(
      R"({{"format":"firn.doctor-bundle/1","made_at":{},"version":{},"system":{},"cores":{},"orgs":[{}],"checks":{}}})"
      "\n",
      JsonQuote(now), JsonQuote(Version()),
      JsonQuote(fmt::format("{} {} {}", system.sysname, system.release, system.machine)),
      std::thread::hardware_concurrency(), orgs, LinesJson(lines));
  std::string stamp = now;
  std::replace(stamp.begin(), stamp.end(), ':', '-');
  const std::string path = "firn-doctor-" + stamp + ".json";
  FIRN_CHECK(WriteFileDurably(path, text, 0600));
  return path;
}

Result<void> CheckName(const std::string& name) {
  std::vector<std::string> names;
  for (const ProjectCheck& check : ProjectChecks()) names.emplace_back(check.name);
  for (const OrgCheck& check : OrgChecks()) names.emplace_back(check.name);
  if (std::find(names.begin(), names.end(), name) != names.end()) return {};
  const auto near = Nearest(name, names);
  return Fail(Error(Kind::kBadInput, "CLI-DOCTOR-001", "there is no check `" + name + "`")
                  .Hint(near ? "did you mean `firn doctor " + *near + "`?"
                             : "`firn doctor --list` shows them"));
}

Result<ExitCode> ListChecks(Context& context) {
  Table table{.format = "firn.doctor-checks/1",
              .columns = {{.key = "check", .title = "check", .ink = Ink::kName},
                          {.key = "summary", .title = "what is well", .shrink = true}},
              .rows = {},
              .when_empty = {}};
  for (const ProjectCheck& check : ProjectChecks()) {
    table.rows.push_back({std::string(check.name), std::string(check.summary)});
  }
  for (const OrgCheck& check : OrgChecks()) {
    table.rows.push_back({std::string(check.name), std::string(check.summary)});
  }
  context.out().Print(table);
  return ExitCode::kDone;
}

Result<ExitCode> Doctor(Context& context) {
  if (context.Flag("list")) return ListChecks(context);
  std::set<std::string> wanted;
  if (context.Has("check")) {
    FIRN_CHECK(CheckName(context.Text("check")));
    wanted = Wanted(context.Text("check"));
  }
  // A misspelt org is not taken for all of them. What keeps the project from loading is a finding.
  if (context.Has("org") && context.LoadProject()) FIRN_CHECK(context.LoadOrg());
  const std::vector<Line> lines = Examine(context, wanted);
  PrintLines(context, lines);
  const auto count = [&](Health health) {
    return std::ranges::count_if(
        lines, [health](const Line& line) { return line.finding.health == health; });
  };
  context.out().Json("firn.doctor/1",
                     fmt::format(R"({{"ok":{},"warn":{},"fail":{},"skip":{},"checks":{}}})",
                                 count(Health::kOk), count(Health::kWarn), count(Health::kFail),
                                 count(Health::kSkip), LinesJson(lines)));
  if (context.Flag("bundle")) {
    FIRN_TRY(const std::string path, WriteBundle(context, lines));
    context.out().Talk("report without secrets and names: " + path);
  }
  return count(Health::kFail) > 0 ? ExitCode::kFailed : ExitCode::kDone;
}

}  // namespace

void AddDoctorCommand(CommandTree& tree) {
  tree.Add({.path = "doctor",
            .summary = "find what keeps Firn from working, with the remedy",
            .arguments = {{.name = "check", .help = "only this check", .required = false}},
            .options = {{.name = "list", .help = "the names of the checks"},
                        {.name = "bundle", .help = "write a report for support, without secrets"}},
            .examples = {"firn doctor", "firn doctor clock --org prod"},
            .run = Doctor});
}

}  // namespace firn::cli
