#include "app/cli/commands/lake_maintain_spark.h"

#include "app/cli/commands/lake_access.h"
#include "app/engine/lake_access.h"
#include "app/engine/spark_maintenance.h"

namespace firn::cli {
namespace {

Table SparkTableOut() {
  return {"firn.lake.maintain-spark/1",
          {{"table", "table", false, true, Ink::kName},
           {"files_rewritten", "files rewritten", true},
           {"files_added", "into", true},
           {"bytes_rewritten", "bytes", true},
           {"files_failed", "left to others", true},
           {"manifests_rewritten", "manifests rewritten", true},
           {"snapshots_expired", "snapshots expired", true},
           {"data_files_deleted", "data files deleted", true},
           {"failed", "failed", false, true}},
          {},
          "no tables yet"};
}

Result<engine::SparkSteps> StepsOf(Context& context, const lake::MaintainOptions& options) {
  engine::SparkSteps steps;
  steps.compact = options.compact;
  steps.manifests = options.manifests;
  steps.expire = options.expire;
  if (!steps.compact && !steps.manifests && !steps.expire)
    return Fail(context.UsageError(
        "orphans are not Spark's to remove here: files of a write in progress look like them; "
        "leave --engine out"));
  steps.target_bytes = options.compaction.target_bytes;
  steps.sort_by = options.compaction.sort_by;
  steps.rewrite_all = options.compaction.rewrite_all;
  if (options.snapshots_max) steps.snapshots_min = *options.snapshots_max;
  if (options.snapshot_age_ms) {
    steps.older_than_ms = *options.snapshot_age_ms;
  } else if (options.snapshots_max) {
    steps.older_than_ms = 0;
  }
  return steps;
}

Result<engine::SparkCatalog> CatalogOf(Context& context) {
  engine::SparkCatalog catalog;
  if (!context.Has("warehouse") && !context.Has("catalog")) {
    FIRN_TRY(const project::Project* project, context.LoadProject());
    if (project->catalogs.rest) {
      FIRN_TRY(catalog.rest,
               engine::RestOptionsOf(context.call(), *project->catalogs.rest, context.secrets()));
      return catalog;
    }
  }
  FIRN_TRY(const WarehousePaths paths, WarehouseOf(context));
  catalog.warehouse = paths.warehouse;
  catalog.catalog_path = paths.catalog;
  return catalog;
}

}  // namespace

std::vector<Option> SparkOptionList() {
  return {{.name = "engine",
           .value = "NAME",
           .help = "who does it: `firn`, or an installed Spark on the same catalog",
           .default_value = "firn",
           .choices = {"firn", "spark"}},
          {.name = "spark-sql",
           .value = "FILE",
           .help = "the program of Spark",
           .default_value = "spark-sql"},
          {.name = "spark-conf",
           .value = "KEY=VALUE",
           .help = "a setting of Spark, such as `spark.jars` or `spark.master`",
           .repeats = true},
          {.name = "spark-log",
           .value = "FILE",
           .help = "gets what Spark has to say",
           .default_value = "firn-spark.log"}};
}

Result<ExitCode> MaintainBySpark(Context& context, lake::Lake& lake,
                                 const std::vector<lake::TableIdent>& idents,
                                 const lake::MaintainOptions& options) {
  if (context.Flag("plan"))
    return Fail(context.UsageError("--plan says what Firn itself would do; leave --engine out"));
  FIRN_TRY(const engine::SparkSteps steps, StepsOf(context, options));
  FIRN_TRY(const engine::SparkCatalog catalog, CatalogOf(context));
  engine::SparkOptions spark;
  spark.program = context.Text("spark-sql");
  spark.settings = context.List("spark-conf");
  spark.log_path = context.FilePath("spark-log");
  for (const std::string& setting : spark.settings) {
    if (setting.find('=') == std::string::npos)
      return Fail(context.UsageError("`" + setting + "` is no KEY=VALUE"));
  }
  FIRN_TRY(const auto rows,
           engine::MaintainWithSpark(context.call(), lake, idents, catalog, steps, spark));
  Table out = SparkTableOut();
  bool failed = false;
  for (const engine::SparkRow& row : rows) {
    failed = failed || !row.failed.empty();
    out.rows.push_back({row.table.Text(), row.files_rewritten, row.files_added, row.bytes_rewritten,
                        row.files_failed, row.manifests_rewritten, row.snapshots_expired,
                        row.data_files_deleted, row.failed});
  }
  context.out().Print(out);
  if (failed) context.out().Warn("Spark could not do all of it: see " + spark.log_path);
  return failed ? ExitCode::kFailed : ExitCode::kDone;
}

}  // namespace firn::cli
