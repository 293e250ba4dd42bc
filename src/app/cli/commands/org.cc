// org: the project's orgs, seen from here.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "app/cli/commands.h"
#include "app/cli/commands/org_rows.h"
#include "app/engine/org_link.h"
#include "core/base/time_text.h"

namespace firn::cli {
namespace {

using engine::OrgLink;

Result<std::unique_ptr<OrgLink>> OpenOrg(Context& context) {
  FIRN_TRY(const project::Project* project, context.LoadProject());
  FIRN_TRY(const project::Org* org, context.LoadOrg());
  FIRN_TRY(auto link, OrgLink::Open(context.call(), *project, *org, context.secrets(), nullptr));
  for (const std::string& warning : link->org().warnings()) context.out().Warn(warning);
  return link;
}

Result<ExitCode> List(Context& context) {
  FIRN_TRY(const project::Project* project, context.LoadProject());
  Table table{.format = "firn.orgs/1",
              .columns = {{.key = "id", .title = "org", .ink = Ink::kName},
                          {.key = "login_url", .title = "login url", .shrink = true},
                          {.key = "flow", .title = "flow"},
                          {.key = "api_version", .title = "api"},
                          {.key = "share", .title = "share", .right = true}},
              .rows = {},
              .when_empty = "the project has no orgs"};
  for (const project::Org& org : project->orgs) {
    table.rows.push_back({org.id, org.login_url, std::string(AuthFlowName(org.auth.flow)),
                          org.api_version, org.limits.share});
  }
  context.out().Print(table);
  return ExitCode::kDone;
}

Result<ExitCode> Login(Context& context) {
  FIRN_TRY(const auto link, OpenOrg(context));
  FIRN_TRY(const auto session, link->org().CurrentSession(context.call()));
  context.out().Print("firn.org-login/1", {{"org", "org", link->org().options().name},
                                           {"org_id", "org id", session.org_id},
                                           {"user_id", "user id", session.user_id},
                                           {"instance_url", "instance", session.instance_url},
                                           {"served_by", "signed in by", session.served_by}});
  return ExitCode::kDone;
}

// Who the org says it is; empty when this user may not read it.
std::vector<Fact> Organization(Context& context, OrgLink& link) {
  salesforce::QueryOptions query;
  query.soql = "SELECT Name, InstanceName, IsSandbox, OrganizationType FROM Organization";
  auto stream = link.org().rest().Query(context.call(), query);
  if (!stream) return {};
  const auto record = (*stream)->Next(context.call());
  if (!record || !*record) return {};
  const auto row = ParseRecord(**record);
  if (!row) return {};
  std::vector<Fact> facts;
  for (const auto& [name, value] : *row) {
    if (name == "Name") facts.push_back({"name", "name", value});
    if (name == "InstanceName") facts.push_back({"instance", "instance name", value});
    if (name == "IsSandbox") facts.push_back({"is_sandbox", "sandbox", value});
    if (name == "OrganizationType") facts.push_back({"edition", "edition", value});
  }
  return facts;
}

Result<ExitCode> Show(Context& context) {
  FIRN_TRY(const auto link, OpenOrg(context));
  const Call& call = context.call();
  FIRN_TRY(const auto session, link->org().CurrentSession(call));
  FIRN_TRY(const auto budget, link->org().budget().View(call));
  const auto& version = link->org().version();
  std::vector<Fact> facts = {{"org", "org", link->org().options().name},
                             {"org_id", "org id", session.org_id}};
  for (Fact& fact : Organization(context, *link)) facts.push_back(std::move(fact));
  facts.push_back({"instance_url", "instance", session.instance_url});
  facts.push_back({"user_id", "user id", session.user_id});
  facts.push_back({"api_version", "api version", version.pinned});
  facts.push_back({"api_newest", "newest offered",
                   version.offered.empty() ? Cell() : Cell(version.offered.back().version)});
  facts.push_back({"calls_used", "calls used", budget.calls_used});
  facts.push_back({"calls_max", "calls of the day", budget.calls_max});
  facts.push_back({"calls_share", "calls in our share", budget.calls_share});
  context.out().Print("firn.org/1", facts);
  return ExitCode::kDone;
}

Result<ExitCode> Limits(Context& context) {
  FIRN_TRY(const auto link, OpenOrg(context));
  FIRN_TRY(const auto limits, link->org().rest().FetchLimits(context.call()));
  const int share = link->org().options().budget.share_percent;
  // The two that Firn's share is held against.
  static constexpr std::array<std::string_view, 2> kShared = {"DailyApiRequests",
                                                              "DailyBulkV2QueryJobs"};
  Table table{.format = "firn.org-limits/1",
              .columns = {{.key = "name", .title = "limit", .shrink = true, .ink = Ink::kName},
                          {.key = "used", .title = "used", .right = true},
                          {.key = "max", .title = "max", .right = true},
                          {.key = "percent", .title = "%", .right = true},
                          {.key = "share", .title = "our share", .right = true}},
              .rows = {},
              .when_empty = "the org names no limits"};
  for (const auto& [name, limit] : limits) {
    const bool shared = std::find(kShared.begin(), kShared.end(), name) != kShared.end();
    const int64_t used = limit.max - limit.remaining;
    table.rows.push_back({name, used, limit.max,
                          limit.max > 0 ? Cell(used * 100 / limit.max) : Cell(),
                          shared ? Cell(limit.max * share / 100) : Cell()});
  }
  context.out().Print(table);
  return ExitCode::kDone;
}

Result<ExitCode> DescribeAll(Context& context, OrgLink& link) {
  FIRN_TRY(const auto objects, link.org().rest().DescribeGlobal(context.call()));
  Table table{.format = "firn.org-objects/1",
              .columns = {{.key = "name", .title = "object", .ink = Ink::kName},
                          {.key = "label", .title = "label", .shrink = true},
                          {.key = "key_prefix", .title = "prefix"},
                          {.key = "queryable", .title = "queryable"},
                          {.key = "custom", .title = "custom"}},
              .rows = {},
              .when_empty = "this user sees no objects"};
  for (const auto& object : objects) {
    table.rows.push_back({object.name, object.label,
                          object.key_prefix.empty() ? Cell() : Cell(object.key_prefix),
                          object.queryable, object.custom});
  }
  context.out().Print(table);
  return ExitCode::kDone;
}

Result<ExitCode> Describe(Context& context) {
  FIRN_TRY(const auto link, OpenOrg(context));
  if (!context.Has("object")) return DescribeAll(context, *link);
  FIRN_TRY(const auto description,
           link->org().rest().Describe(context.call(), context.Text("object")));
  FIRN_TRY(const auto table, FieldTable(description.json));
  context.out().Print(table);
  return ExitCode::kDone;
}

// Rows as they come: a line of JSON each, or collected for the widths of the table.
Result<ExitCode> Query(Context& context) {
  FIRN_TRY(const auto link, OpenOrg(context));
  salesforce::QueryOptions query;
  query.soql = context.Text("soql");
  query.all_rows = context.Flag("all-rows");
  FIRN_TRY(const auto stream, link->org().rest().Query(context.call(), query));
  const int64_t rows_max = context.Integer("max");
  RecordTable records;
  int64_t rows = 0;
  for (; rows < rows_max && !context.out().closed(); ++rows) {
    FIRN_TRY(const auto record, stream->Next(context.call()));
    if (!record) break;
    if (context.out().json()) {
      context.out().Json("firn.org-query/1", fmt::format(R"({{"row":{}}})", *record));
    } else {
      FIRN_CHECK(records.Add(*record));
    }
  }
  if (context.out().json()) {
    context.out().Json("firn.org-query/1", fmt::format(R"({{"result":{{"rows":{},"total":{}}}}})",
                                                       rows, stream->total()));
  } else {
    context.out().Print(records.Take());
  }
  if (stream->total() > rows) {
    context.out().Warn(
        fmt::format("{} of {} rows are shown; `--max N` shows more", rows, stream->total()));
  }
  return ExitCode::kDone;
}

}  // namespace

void AddOrgCommands(CommandTree& tree) {
  tree.AddGroup({"org", "the Salesforce orgs of the project"});
  tree.Add({.path = "org list",
            .summary = "the orgs that firn.yaml names",
            .examples = {"firn org list"},
            .run = List});
  tree.Add({.path = "org login",
            .summary = "sign in, and say as whom and by which key",
            .examples = {"firn org login --org prod"},
            .run = Login});
  tree.Add({.path = "org show",
            .summary = "what an org is: edition, API versions, calls left",
            .examples = {"firn org show --org prod"},
            .run = Show});
  tree.Add({.path = "org limits",
            .summary = "the org's allotments, what is used, and our share",
            .examples = {"firn org limits --org prod"},
            .run = Limits});
  tree.Add({.path = "org describe",
            .summary = "the fields of an object, or all objects",
            .arguments = {{.name = "object",
                           .help = "API name; all objects when absent",
                           .required = false}},
            .examples = {"firn org describe Account"},
            .run = Describe});
  tree.Add({.path = "org query",
            .summary = "rows of a SOQL query",
            .arguments = {{.name = "soql", .help = "the query, in quotes"}},
            .options = {{.name = "all-rows", .help = "deleted and archived rows too (queryAll)"},
                        {.name = "max",
                         .value = "N",
                         .help = "rows to show",
                         .type = ValueType::kInteger,
                         .default_value = "2000"}},
            .examples = {"firn org query \"SELECT Id, Name FROM Account LIMIT 5\""},
            .run = Query});
}

}  // namespace firn::cli
