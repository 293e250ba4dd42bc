// org api-check: what an org answers differently under another API version, before the project's
// version is changed. Failure mode 7 of the guide: an upgrade that changes shapes silently.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "app/cli/commands.h"
#include "app/cli/commands/org_diff.h"
#include "app/engine/org_link.h"

namespace firn::cli {
namespace {

using engine::OrgLink;

constexpr size_t kFieldsPerQuery = 100;  // keeps a query within the limit of an address
constexpr size_t kPageBytesMax = 64 << 20;

// The org under both versions.
struct Sides {
  std::unique_ptr<OrgLink> here;
  std::unique_ptr<OrgLink> there;
};

Result<Sides> OpenSides(Context& context) {
  FIRN_TRY(const project::Project* project, context.LoadProject());
  FIRN_TRY(const project::Org* org, context.LoadOrg());
  Sides sides;
  FIRN_TRY(sides.here, OrgLink::Open(context.call(), *project, *org, context.secrets(), nullptr));
  project::Org other = *org;
  other.api_version = context.Text("against");
  if (other.api_version.find('.') == std::string::npos) other.api_version += ".0";
  FIRN_TRY(sides.there, OrgLink::Open(context.call(), *project, other, context.secrets(), nullptr));
  for (const std::string& warning : sides.there->org().warnings()) context.out().Warn(warning);
  return sides;
}

// Objects that the project exports, or the one that was named; those that only one version has are
// a difference already.
Result<std::vector<std::string>> Objects(Context& context, const Sides& sides,
                                         std::vector<Difference>& found) {
  FIRN_TRY(const project::Project* project, context.LoadProject());
  FIRN_TRY(const project::Org* org, context.LoadOrg());
  FIRN_TRY(const auto here, sides.here->org().rest().DescribeGlobal(context.call()));
  FIRN_TRY(const auto there, sides.there->org().rest().DescribeGlobal(context.call()));
  const std::string only = context.Has("object") ? context.Text("object") : "";
  const auto wanted = [&](const salesforce::ObjectInfo& object) {
    if (!object.queryable) return false;
    return only.empty() ? project->RuleFor(*org, object.name) != nullptr : object.name == only;
  };
  std::set<std::string> names_there;
  for (const auto& object : there) {
    if (wanted(object)) names_there.insert(object.name);
  }
  std::vector<std::string> both;
  for (const auto& object : here) {
    if (!wanted(object)) continue;
    if (names_there.erase(object.name) > 0) {
      both.push_back(object.name);
    } else {
      found.push_back({object.name, "objects", "object", "there", ""});
    }
  }
  for (const auto& name : names_there) found.push_back({name, "objects", "object", "", "there"});
  return both;
}

std::string Joined(const std::vector<std::string>& fields, size_t from) {
  std::string list = "Id";
  for (size_t i = from; i < std::min(from + kFieldsPerQuery, fields.size()); ++i) {
    if (fields[i] != "Id") list += "," + fields[i];
  }
  return list;
}

// Record by record, in the order of their ids.
Result<void> CompareQueries(Context& context, const Sides& sides, const std::string& object,
                            const std::vector<std::string>& fields,
                            std::vector<Difference>& found) {
  for (size_t from = 0; from < fields.size(); from += kFieldsPerQuery) {
    salesforce::QueryOptions query;
    query.soql = fmt::format("SELECT {} FROM {} ORDER BY Id LIMIT {}", Joined(fields, from), object,
                             context.Integer("rows"));
    FIRN_TRY(const auto here, sides.here->org().rest().Query(context.call(), query));
    FIRN_TRY(const auto there, sides.there->org().rest().Query(context.call(), query));
    while (true) {
      FIRN_TRY(const auto left, here->Next(context.call()));
      FIRN_TRY(const auto right, there->Next(context.call()));
      if (!left && !right) break;
      if (!left || !right) {
        found.push_back({object, "query", "rows", std::to_string(here->received()),
                         std::to_string(there->received())});
        break;
      }
      FIRN_CHECK(DiffRecords(object, *left, *right, found));
    }
  }
  return {};
}

Result<std::string> JobPage(Context& context, OrgLink& link, const salesforce::QuerySpec& query) {
  const Call& call = context.call();
  salesforce::BulkClient& bulk = link.org().bulk();
  FIRN_TRY(const auto job, bulk.Create(call, query));
  FIRN_CHECK(bulk.Wait(call, job.id, {}));
  FIRN_TRY(auto page, bulk.OpenResults(call, job.id, "", 0));
  std::string text;
  while (text.size() < kPageBytesMax) {
    FIRN_TRY(const std::string piece, page.body->Read(1 << 20));
    if (piece.empty()) break;
    text += piece;
  }
  FIRN_CHECK(bulk.Delete(call, job.id));
  return text;
}

// An object that Bulk does not take under both versions is no difference; under one, it is.
Result<void> CompareJobs(Context& context, const Sides& sides, const std::string& object,
                         const std::vector<std::string>& fields, std::vector<Difference>& found) {
  salesforce::QuerySpec query;
  query.object = object;
  std::string list;
  for (const auto& field : fields) list += (list.empty() ? "" : ",") + field;
  query.soql =
      fmt::format("SELECT {} FROM {} ORDER BY Id LIMIT {}", list, object, context.Integer("rows"));
  const auto here = JobPage(context, *sides.here, query);
  const auto there = JobPage(context, *sides.there, query);
  const auto refused = [](const Result<std::string>& page) {
    return !page && page.error().kind() == Kind::kUnsupported;
  };
  if (refused(here) && refused(there)) return {};
  if (refused(here) || refused(there)) {
    found.push_back({object, "job", "taken by Bulk", refused(here) ? "no" : "yes",
                     refused(there) ? "no" : "yes"});
    return {};
  }
  if (!here) return Fail(here.error());
  if (!there) return Fail(there.error());
  DiffPages(object, *here, *there, found);
  return {};
}

Result<void> CompareObject(Context& context, const Sides& sides, const std::string& object,
                           std::vector<Difference>& found) {
  FIRN_TRY(const auto here, sides.here->org().rest().Describe(context.call(), object));
  FIRN_TRY(const auto there, sides.there->org().rest().Describe(context.call(), object));
  FIRN_CHECK(DiffDescribes(object, here.json, there.json, found));
  FIRN_TRY(std::vector<std::string> fields, PlainFields(here.json));
  FIRN_TRY(const std::vector<std::string> others, PlainFields(there.json));
  std::erase_if(fields, [&](const std::string& name) {
    return std::find(others.begin(), others.end(), name) == others.end();
  });
  FIRN_CHECK(CompareQueries(context, sides, object, fields, found));
  if (context.Flag("no-jobs")) return {};
  return CompareJobs(context, sides, object, fields, found);
}

Result<ExitCode> ApiCheck(Context& context) {
  FIRN_TRY(const Sides sides, OpenSides(context));
  std::vector<Difference> found;
  FIRN_TRY(const auto objects, Objects(context, sides, found));
  for (const auto& object : objects) {
    FIRN_CHECK(Doing(CompareObject(context, sides, object, found), "comparing " + object));
  }
  context.out().Print(DifferenceTable(found, sides.here->org().version().pinned,
                                      sides.there->org().version().pinned));
  return found.empty() ? ExitCode::kDone : ExitCode::kFailed;
}

}  // namespace

void AddOrgCheckCommand(CommandTree& tree) {
  tree.Add({.path = "org api-check",
            .summary = "what the org answers differently under another API version",
            .arguments = {{.name = "object",
                           .help = "only this object; those of the project when absent",
                           .required = false}},
            .options = {{.name = "against",
                         .value = "VERSION",
                         .help = "the API version to compare with, like 67.0",
                         .required = true},
                        {.name = "rows",
                         .value = "N",
                         .help = "records to compare of each object",
                         .type = ValueType::kInteger,
                         .default_value = "200"},
                        {.name = "no-jobs", .help = "no Bulk jobs: describes and queries only"}},
            .examples = {"firn org api-check --against 67.0",
                         "firn org api-check Account --against 67.0 --no-jobs"},
            .run = ApiCheck});
}

}  // namespace firn::cli
