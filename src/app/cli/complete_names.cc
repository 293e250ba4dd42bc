// Names that a project knows, for completions: read offline and read-only; what cannot be read
// offers nothing.
#include <set>

#include "app/cli/complete.h"
#include "app/cli/explain.h"
#include "core/base/file.h"
#include "core/base/time_text.h"
#include "core/state/ledger.h"
#include "ends/lake/table.h"

namespace firn::cli {
namespace {

constexpr int kRunsOffered = 20;

std::vector<Candidate> OrgNames(const project::Project& project) {
  std::vector<Candidate> names;
  for (const project::Org& org : project.orgs) names.push_back({org.id, org.login_url});
  return names;
}

std::vector<Candidate> JobNames(const project::Project& project) {
  std::vector<Candidate> names;
  for (const project::ScheduledJob& job : project.schedules) names.push_back({job.name, job.when});
  return names;
}

// Of an embedded catalog on this machine: everything else would have to be asked.
std::vector<lake::TableIdent> TablesOf(const project::Project& project) {
  const bool local =
      !project.catalogs.rest && project.lake.warehouse.find("://") == std::string::npos;
  if (!local || !FileExists(project.lake.catalog)) return {};
  lake::LakeOptions options;
  options.warehouse = project.lake.warehouse;
  options.catalog_path = project.lake.catalog;
  const auto lake = lake::Lake::Open(options);
  if (!lake) return {};
  const auto tables = (*lake)->Tables("");
  return tables ? *tables : std::vector<lake::TableIdent>();
}

std::vector<Candidate> TableNames(const project::Project& project) {
  std::vector<Candidate> names;
  for (const lake::TableIdent& ident : TablesOf(project)) names.push_back({ident.Text()});
  return names;
}

// Those that firn.yaml names and those that have a table.
std::vector<Candidate> ObjectNames(const project::Project& project) {
  std::set<std::string> names;
  for (const project::ObjectRule& rule : project.objects) {
    if (!project::IsGlob(rule.name) && !rule.skip) names.insert(rule.name);
  }
  for (const lake::TableIdent& ident : TablesOf(project)) {
    if (ident.name.find("__changelog") == std::string::npos) names.insert(ident.name);
  }
  std::vector<Candidate> found;
  for (const std::string& name : names) found.push_back({name});
  return found;
}

std::vector<Candidate> RunNames(const project::Project& project, const std::string& org) {
  auto db = state::StateDb::Open(project.state_folder, {.read_only = true});
  if (!db) return {};
  state::Ledger ledger(*std::move(db));
  const auto runs = ledger.Runs(org, kRunsOffered);
  std::vector<Candidate> names;
  if (!runs) return names;
  for (const state::RunRow& run : *runs) {
    names.push_back({run.run_id, std::string(state::RunStateName(run.state)) + " " +
                                     FormatUtc(run.started, 0)});
  }
  return names;
}

std::vector<Candidate> CodeNames() {
  std::vector<Candidate> names;
  for (const ErrorCode& code : AllErrorCodes()) {
    names.push_back({std::string(code.code), std::string(code.summary)});
  }
  return names;
}

// The options that say which project is meant.
ParsedValues WhichProject(const ParsedValues& typed) {
  ParsedValues which;
  for (const char* name : {"project", "env", "org"}) {
    const auto found = typed.values.find(name);
    if (found != typed.values.end()) which.values.insert(*found);
  }
  return which;
}

}  // namespace

LiveNames ProjectNames(const CommandTree& tree, Output* output) {
  return [&tree, output](std::string_view what, const ParsedValues& typed) {
    if (what == "CODE") return CodeNames();
    static const Command kNone = {.path = "__complete"};
    Context context(&kNone, &tree, WhichProject(typed), output, Call());
    const auto project = context.LoadProject();
    if (!project) return std::vector<Candidate>();
    if (what == "ORG") return OrgNames(**project);
    if (what == "JOB") return JobNames(**project);
    if (what == "TABLE") return TableNames(**project);
    if (what == "OBJECT") return ObjectNames(**project);
    if (what == "ENV") {
      std::vector<Candidate> names;
      for (const std::string& name : (*project)->environments) names.push_back({name});
      return names;
    }
    if (what != "RUN") return std::vector<Candidate>();
    const auto org = context.LoadOrg();
    return org ? RunNames(**project, (*org)->id) : std::vector<Candidate>();
  };
}

}  // namespace firn::cli
