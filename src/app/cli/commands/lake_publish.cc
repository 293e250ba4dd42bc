// lake publish: rows under a contract, to a governed table of the lake or to Data Cloud.
#include <algorithm>

#include "app/cli/commands.h"
#include "app/cli/commands/duckdb.h"
#include "app/cli/commands/lake_access.h"
#include "app/cli/commands/publish_source.h"
#include "app/engine/org_link.h"
#include "core/base/encoding.h"
#include "core/base/file.h"
#include "patterns/federation/publish/cloud_publication.h"
#include "patterns/federation/publish/table_publication.h"

namespace firn::cli {
namespace {

using federation::CloudPublication;
using federation::CloudReport;
using federation::Contract;
using federation::Manifest;
using federation::PublishReport;
using federation::TablePublication;

constexpr std::string_view kCloudPrefix = "data-cloud:";

// The query's result holds rows: it goes as soon as it was read.
class QueryFile {
 public:
  explicit QueryFile(std::string folder) : path_(std::move(folder) + "/query.parquet") {}
  ~QueryFile() { (void)RemoveFile(path_); }
  QueryFile(const QueryFile&) = delete;
  QueryFile& operator=(const QueryFile&) = delete;

 private:
  std::string path_;
};

Result<Contract> ContractOf(Context& context) {
  if (!context.Has("contract"))
    return Fail(context.UsageError("--contract FILE says what is promised of the rows"));
  return federation::ReadContract(context.FilePath("contract"));
}

// A folder beside the catalog, or in the warehouse, for the target alone.
Result<std::string> WorkFolder(Context& context, const lake::TableIdent& target) {
  FIRN_TRY(const WarehousePaths paths, WarehouseOf(context));
  std::string folder = paths.warehouse;
  if (!paths.catalog.empty()) {
    const size_t slash = paths.catalog.rfind('/');
    folder = slash == std::string::npos ? "." : paths.catalog.substr(0, slash);
  }
  if (folder.starts_with("file://")) folder = folder.substr(7);
  return folder + "/.firn/publish/" + PercentEncode(target.Text());
}

std::vector<Fact> ManifestFacts(const Manifest& manifest) {
  std::vector<Fact> facts = {
      {"rows", "rows", manifest.rows},
      {"checksum", "checksum", manifest.checksum},
      {"contract", "contract",
       manifest.contract.name + " " + std::to_string(manifest.contract.version)},
  };
  std::string sources;
  for (const auto& source : manifest.sources) {
    sources += sources.empty() ? "" : ", ";
    sources += source.table + "@" + (source.snapshot ? std::to_string(*source.snapshot) : "empty");
  }
  facts.push_back({"sources", "sources", sources});
  return facts;
}

template <typename Outcome>
std::string OutcomeText(Outcome outcome) {
  if (outcome == Outcome::kUnchanged) return "unchanged";
  return outcome == Outcome::kPublished ? "published" : "would publish";
}

void Tell(Context& context, const TablePublication& publication, const PublishReport& report) {
  std::vector<Fact> facts = {{"outcome", "outcome", OutcomeText(report.outcome)},
                             {"target", "target", publication.target.Text()}};
  if (report.snapshot_id != 0)
    facts.push_back({"snapshot", "snapshot", std::to_string(report.snapshot_id)});
  for (Fact& fact : ManifestFacts(report.manifest)) facts.push_back(std::move(fact));
  if (report.outcome != PublishReport::Outcome::kUnchanged)
    facts.push_back({"rows_before", "rows before", report.rows_before});
  std::string changes = report.creates ? "+ table " + publication.target.Text() : "";
  for (const std::string& change : report.changes)
    changes += (changes.empty() ? "" : "; ") + change;
  if (!changes.empty()) facts.push_back({"changes", "changes", changes});
  context.out().Print("firn.lake.publish/1", facts);
}

Result<ExitCode> ToTable(Context& context, const std::string& target) {
  TablePublication publication;
  FIRN_TRY(publication.contract, ContractOf(context));
  FIRN_TRY(publication.target, TableIdentOf(context, target));
  FIRN_TRY(publication.work_folder, WorkFolder(context, publication.target));
  FIRN_TRY(const auto lake, OpenLake(context));
  FIRN_TRY(publication.source, PublishSourceOf(context, *lake, publication.work_folder));
  publication.dry_run = context.Flag("dry-run");
  publication.again = context.Flag("again");
  const QueryFile query(publication.work_folder);
  context.progress().Update({.what = "publishing " + target});
  FIRN_TRY(const auto report, federation::PublishTable(context.call(), *lake, publication));
  context.progress().Finish();
  Tell(context, publication, report);
  return ExitCode::kDone;
}

Result<salesforce::IngestSpec> CloudTarget(Context& context, const std::string& target) {
  salesforce::IngestSpec spec;
  const std::string rest = target.substr(kCloudPrefix.size());
  const size_t slash = rest.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == rest.size())
    return Fail(context.UsageError("`" + target + "` is not data-cloud:CONNECTOR/OBJECT"));
  spec.connector = rest.substr(0, slash);
  spec.object = rest.substr(slash + 1);
  if (context.Flag("delete")) spec.operation = salesforce::IngestOperation::kDelete;
  return spec;
}

void Tell(Context& context, const CloudPublication& publication, const CloudReport& report) {
  std::vector<Fact> facts = {
      {"outcome", "outcome", OutcomeText(report.outcome)},
      {"target", "target",
       "data-cloud:" + publication.target.connector + "/" + publication.target.object},
      {"operation", "operation", std::string(IngestOperationName(publication.target.operation))}};
  for (Fact& fact : ManifestFacts(report.manifest)) facts.push_back(std::move(fact));
  const bool streamed = report.ingest == federation::CloudIngest::kStream;
  facts.push_back({"ingest", "ingest", std::string(streamed ? "stream" : "bulk")});
  facts.push_back({"parts", "parts", report.parts});
  facts.push_back({"bytes", "bytes", report.bytes});
  std::string jobs;
  for (const std::string& job : report.jobs) jobs += (jobs.empty() ? "" : ", ") + job;
  if (!jobs.empty()) facts.push_back({"jobs", "jobs", jobs});
  facts.push_back({"resumed", "resumed", report.resumed});
  facts.push_back({"instants_cut", "instants cut", report.instants_cut});
  context.out().Print("firn.lake.publish/1", facts);
  if (report.instants_cut > 0)
    context.out().Warn(std::to_string(report.instants_cut) +
                       " instants have microseconds, of which Data Cloud takes milliseconds");
  if (report.resumed)
    context.out().Talk(
        "finished what an earlier run had begun; run again to publish what has changed since");
}

Result<ExitCode> ToCloud(Context& context, const std::string& target) {
  CloudPublication publication;
  FIRN_TRY(publication.contract, ContractOf(context));
  FIRN_TRY(publication.target, CloudTarget(context, target));
  FIRN_TRY(const project::Project* project, context.LoadProject());
  FIRN_TRY(const project::Org* org, context.LoadOrg());
  publication.work_folder =
      project->state_folder + "/publish/" +
      PercentEncode(org->id + "/" + publication.target.connector + "/" + publication.target.object);
  publication.part_bytes = context.Bytes("part-bytes");
  if (publication.part_bytes < 1'000 || publication.part_bytes > salesforce::kIngestPartBytesMax)
    return Fail(context.UsageError("--part-bytes is 1000 to " +
                                   std::to_string(salesforce::kIngestPartBytesMax) + " bytes"));
  const std::string ingest = context.Text("ingest");
  if (ingest == "stream") publication.way = federation::CloudWay::kStream;
  if (ingest == "auto") publication.way = federation::CloudWay::kAuto;
  publication.dry_run = context.Flag("dry-run");
  publication.again = context.Flag("again");
  publication.restart = context.Flag("restart");
  publication.progress = [&](const std::string& doing) { context.out().Talk(doing); };
  FIRN_TRY(const auto lake, OpenLake(context));
  FIRN_TRY(publication.source, PublishSourceOf(context, *lake, publication.work_folder));
  std::unique_ptr<engine::OrgLink> link;
  std::unique_ptr<salesforce::DataCloud> cloud;
  if (!publication.dry_run) {
    FIRN_TRY(link,
             engine::OrgLink::Open(context.call(), *project, *org, context.secrets(), nullptr));
    salesforce::DataCloudOptions options;
    options.org = org->id;
    cloud = salesforce::DataCloud::New(options, link->org().tokens(), link->transport());
  }
  context.SetResumeHint("run the same command again");
  const QueryFile query(publication.work_folder);
  context.progress().Update({.what = "publishing " + target});
  FIRN_TRY(const auto report, federation::PublishToCloud(context.call(), cloud.get(), publication));
  context.progress().Finish();
  Tell(context, publication, report);
  return ExitCode::kDone;
}

Result<ExitCode> Verify(Context& context, const std::string& target) {
  FIRN_TRY(const auto ident, TableIdentOf(context, target));
  FIRN_TRY(const auto lake, OpenLake(context));
  FIRN_TRY(const lake::Table table, lake->Load(ident));
  context.progress().Update({.what = "reading " + target});
  FIRN_TRY(const auto check, federation::CheckPublished(context.call(), table));
  context.progress().Finish();
  std::vector<Fact> facts = {
      {"outcome", "outcome", std::string(check.same() ? "as published" : "different")},
      {"target", "target", ident.Text()}};
  for (Fact& fact : ManifestFacts(check.manifest)) facts.push_back(std::move(fact));
  facts.push_back({"rows_read", "rows read back", check.rows});
  facts.push_back({"checksum_read", "their checksum", check.checksum});
  context.out().Print("firn.lake.publish/1", facts);
  return check.same() ? ExitCode::kDone : ExitCode::kFailed;
}

Result<ExitCode> LakePublish(Context& context) {
  const std::string target = context.Text("target");
  const bool cloud = target.starts_with(kCloudPrefix);
  if (context.Flag("verify")) {
    if (cloud) return Fail(context.UsageError("--verify reads a table of the lake"));
    return Verify(context, target);
  }
  if (cloud) return ToCloud(context, target);
  for (const char* name : {"delete", "restart", "part-bytes", "ingest"}) {
    if (context.Has(name))
      return Fail(context.UsageError("--" + std::string(name) + " goes with data-cloud: only"));
  }
  return ToTable(context, target);
}

std::vector<Option> PublishOptions() {
  std::vector<Option> options = {
      {.name = "contract", .value = "FILE", .help = "what is promised of the rows (YAML)"},
      {.name = "from", .value = "TABLE", .help = "publish this table's rows"},
      {.name = "columns", .value = "A,B", .help = "only these columns of it"},
      {.name = "where", .value = "FILTER", .help = "only rows of it for which this holds"},
      {.name = "snapshot", .value = "ID", .help = "an older state of it"},
      {.name = "query", .value = "SQL", .help = "publish what this gives (runs DuckDB)"},
      DuckDbOption(),
      {.name = "dry-run", .help = "read and check everything, change nothing"},
      {.name = "again", .help = "also when neither sources nor contract have changed"},
      {.name = "verify", .help = "read the published table and hold it against its manifest"},
      {.name = "delete", .help = "Data Cloud: delete the records with these keys"},
      {.name = "restart", .help = "Data Cloud: give up an unfinished publication, begin anew"},
      {.name = "ingest",
       .value = "HOW",
       .help = "Data Cloud: in bulk jobs, in streaming requests, or streaming where few are enough",
       .default_value = "bulk",
       .choices = {"bulk", "stream", "auto"}},
      {.name = "part-bytes",
       .value = "SIZE",
       .help = "Data Cloud: largest file of a bulk job",
       .type = ValueType::kBytes,
       .default_value = "100MB"}};
  options.insert(options.end(), WarehouseOptions().begin(), WarehouseOptions().end());
  return options;
}

}  // namespace

void AddLakePublishCommand(CommandTree& tree) {
  tree.Add(
      {.path = "lake publish",
       .summary = "publish a table or a query's rows under a contract, to the lake or Data Cloud",
       .arguments = {{.name = "target",
                      .help = "NAMESPACE.TABLE, or data-cloud:CONNECTOR/OBJECT of the org"}},
       .options = PublishOptions(),
       .examples = {"firn lake publish marketing.Profile --contract profile.yaml --query "
                    "'SELECT Id, Name FROM salesforce.Account'",
                    "firn lake publish data-cloud:lake/profile --contract profile.yaml --from "
                    "marketing.Profile --dry-run",
                    "firn lake publish marketing.Profile --verify"},
       .details =
           "Rows are read at the snapshots that are current when it begins, and refused as a "
           "whole when one breaks the contract. A published table has the old rows or the "
           "new ones, and a manifest in its snapshot: sources, contract, rows, checksum.",
       .run = LakePublish});
}

}  // namespace firn::cli
