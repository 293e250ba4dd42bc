#include "core/project/daemon_settings.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "core/base/nearest.h"

namespace firn::project {
namespace {

using config::Group;
using config::Problems;

constexpr size_t kJobNameMax = 64;

void Add(Problems* problems, std::string_view code, std::string what, std::string where,
         std::string hint = {}) {
  problems->push_back(
      Error(Kind::kBadConfig, code, std::move(what)).At(std::move(where)).Hint(std::move(hint)));
}

bool IsJobName(const std::string& text) {
  return !text.empty() && text.size() <= kJobNameMax && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

ScheduledJob MakeJob(const Group& group, const Project& project, Problems* problems) {
  ScheduledJob job;
  job.where_in_file = group.Where("name");
  job.when_where_in_file = group.Where("when");
  job.name = group.Text("name");
  job.kind = group.Text("job") == "maintain" ? JobKind::kMaintain : JobKind::kExport;
  job.when = group.Text("when");
  job.time_zone = group.Text("time_zone");
  job.objects = group.TextList("objects");
  if (group.Has("mode")) {
    job.mode = group.Text("mode") == "incremental" ? ExportMode::kIncremental : ExportMode::kFull;
  }
  job.sweep = group.Bool("sweep");
  job.refresh = group.Bool("refresh");
  if (job.kind == JobKind::kExport || group.Has("org")) {
    job.org = OrgNamedIn(group, job.where_in_file, project, problems);
  }
  if (group.Has("name") && !IsJobName(job.name)) {
    Add(problems, "PROJECT-NAME-001", "`" + job.name + "` cannot be a job's name",
        job.where_in_file, "use lower-case letters, digits, `-` and `_`");
  }
  if (job.kind == JobKind::kMaintain) {
    for (const std::string_view key : {"objects", "mode", "sweep", "refresh"}) {
      if (!group.Has(key)) continue;
      Add(problems, "PROJECT-JOB-001", "a maintain job takes no `" + std::string(key) + "`",
          group.Where(key), "remove it; maintenance looks at every table");
    }
  }
  return job;
}

DaemonSettings MakeSettings(const Group& group, Problems* problems) {
  DaemonSettings settings;
  if (group.Text("listen") != "none") {
    if (const auto listen = ParseListen(group.Text("listen"))) {
      settings.listen_address = listen->address;
      settings.listen_port = listen->port;
    } else {
      Add(problems, "PROJECT-LISTEN-001",
          "`" + group.Text("listen") + "` is no address to listen at", group.Where("listen"),
          "for example `127.0.0.1:9464`, or `none`");
    }
  }
  settings.memory_bytes = group.Bytes("memory");
  settings.threads = static_cast<int>(group.Integer("threads"));
  settings.jobs_at_once = static_cast<int>(group.Integer("jobs_at_once"));
  settings.limits_every = group.Duration("limits_every");
  settings.drain_within = group.Duration("drain_within");
  const Group cloudwatch = group.Sub("cloudwatch");
  const std::string& mode = cloudwatch.Text("mode");
  if (mode == "put") settings.cloudwatch = CloudWatchMode::kPut;
  if (mode == "emf") settings.cloudwatch = CloudWatchMode::kEmf;
  settings.cloudwatch_namespace = cloudwatch.Text("namespace");
  return settings;
}

}  // namespace

std::string OrgNamedIn(const Group& group, const std::string& where, const Project& project,
                       Problems* problems) {
  std::string named = group.Text("org");
  std::vector<std::string> ids;
  for (const Org& org : project.orgs) ids.push_back(org.id);
  if (named.empty()) {
    if (ids.size() == 1) return ids.front();
    Add(problems, "PROJECT-ORG-002", "the project has several orgs: name one", where, "add `org`");
    return "";
  }
  if (std::find(ids.begin(), ids.end(), named) == ids.end()) {
    const auto near = Nearest(named, ids);
    Add(problems, "PROJECT-ORG-001", "no org has the id `" + named + "`", group.Where("org"),
        near ? "did you mean `" + *near + "`?" : "");
  }
  return named;
}

std::optional<Listen> ParseListen(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  Listen listen;
  listen.address = text.substr(0, colon);
  if (listen.address.starts_with('[') && listen.address.ends_with(']')) {
    listen.address = listen.address.substr(1, listen.address.size() - 2);
  }
  if (listen.address.empty()) listen.address = "0.0.0.0";
  const char* const first = text.data() + colon + 1;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(first, last, listen.port);
  if (error != std::errc() || end != last || first == last) return std::nullopt;
  return listen;
}

std::string_view JobKindName(JobKind kind) {
  return kind == JobKind::kMaintain ? "maintain" : "export";
}

void FillDaemon(const Group& root, Project* project, Problems* problems) {
  std::set<std::string> seen;
  for (const Group& group : root.List("schedules")) {
    ScheduledJob job = MakeJob(group, *project, problems);
    if (!seen.insert(job.name).second) {
      Add(problems, "PROJECT-NAME-002", "two jobs are called `" + job.name + "`",
          job.where_in_file);
    }
    project->schedules.push_back(std::move(job));
  }
  project->daemon = MakeSettings(root.Sub("daemon"), problems);
}

}  // namespace firn::project
