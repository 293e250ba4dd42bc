// lake maintain: compaction, expiry, manifests and orphans of some or all tables.
#include <algorithm>
#include <optional>

#include "app/cli/commands.h"
#include "app/cli/commands/lake_access.h"
#include "app/cli/commands/lake_maintain_spark.h"
#include "ends/lake/maintain/maintenance.h"

namespace firn::cli {
namespace {

Result<lake::MaintainOptions> OptionsOf(Context& context) {
  lake::MaintainOptions options;
  const std::vector<std::string> only = context.List("only");
  const auto wanted = [&only](const char* step) {
    return only.empty() || std::find(only.begin(), only.end(), step) != only.end();
  };
  options.compact = wanted("compact");
  options.expire = wanted("expire");
  options.manifests = wanted("manifests");
  options.orphans = wanted("orphans");
  options.compaction.target_bytes = context.Bytes("file-size");
  options.compaction.memory_bytes = context.Bytes("memory");
  options.compaction.sort_by = ColumnsOf(context.Text("sort-by"));
  options.compaction.rewrite_all = context.Flag("rewrite-all");
  if (context.Has("keep")) {
    options.snapshots_max = context.Integer("keep");
    if (*options.snapshots_max < 1) return Fail(context.UsageError("--keep is 1 or more"));
  }
  if (context.Has("older-than")) options.snapshot_age_ms = context.Duration("older-than").count();
  options.orphan_age_ms = context.Duration("orphans-after").count();
  if (options.compaction.target_bytes < 1 << 20)
    return Fail(context.UsageError("--file-size is 1MiB or more"));
  return options;
}

Result<std::vector<lake::TableIdent>> Selected(Context& context, lake::Lake& lake) {
  std::vector<lake::TableIdent> idents;
  for (const std::string& text : context.List("table")) {
    FIRN_TRY(lake::TableIdent ident, TableIdentOf(context, text));
    idents.push_back(std::move(ident));
  }
  if (!idents.empty()) return idents;
  return lake.Tables("");
}

Table PlanTable() {
  return {"firn.lake.maintain-plan/1",
          {{"table", "table", false, true, Ink::kName},
           {"files_rewritten", "files to rewrite", true},
           {"bytes_rewritten", "bytes", true},
           {"files_written", "into", true},
           {"files_left", "files left", true},
           {"rows_dropped", "rows to drop", true},
           {"snapshots_expired", "snapshots to expire", true},
           {"manifests", "manifests", true},
           {"manifests_after", "after", true},
           {"orphans", "orphans", true},
           {"orphan_bytes", "orphan bytes", true}},
          {},
          kNoTables};
}

Result<std::vector<Cell>> PlanRow(Context& context, lake::Lake& lake, const lake::TableIdent& ident,
                                  const lake::MaintainOptions& options) {
  FIRN_TRY(const lake::Table table, lake.Load(ident));
  FIRN_TRY(const auto plan, lake::PlanMaintenance(context.call(), table, options));
  int64_t files = 0;
  int64_t bytes = 0;
  int64_t rows = 0;
  int64_t orphan_bytes = 0;
  for (const auto& group : plan.groups) {
    files += static_cast<int64_t>(group.files.size());
    bytes += group.bytes;
    rows += group.rows_dead;
  }
  for (const auto& orphan : plan.orphans) orphan_bytes += orphan.bytes;
  return std::vector<Cell>{ident.Text(),
                           files,
                           bytes,
                           static_cast<int64_t>(plan.groups.size()),
                           plan.files_left,
                           rows,
                           plan.snapshots_expiring,
                           plan.manifests,
                           plan.manifests_after,
                           static_cast<int64_t>(plan.orphans.size()),
                           orphan_bytes};
}

Table DoneTable() {
  return {"firn.lake.maintain/1",
          {{"table", "table", false, true, Ink::kName},
           {"files_before", "files", true},
           {"files_after", "now", true},
           {"bytes_before", "bytes", true},
           {"bytes_after", "now", true},
           {"rows_dropped", "rows dropped", true},
           {"groups_left", "left to others", true},
           {"snapshots_expired", "snapshots expired", true},
           {"manifests_before", "manifests", true},
           {"manifests_after", "now", true},
           {"orphans_removed", "orphans removed", true},
           {"orphan_bytes", "orphan bytes", true}},
          {},
          kNoTables};
}

Result<std::vector<Cell>> DoneRow(Context& context, lake::Lake& lake, const lake::TableIdent& ident,
                                  const lake::MaintainOptions& options) {
  FIRN_TRY(const auto report, lake::Maintain(context.call(), lake, ident, options));
  const lake::CompactReport& compaction = report.compaction;
  return std::vector<Cell>{ident.Text(),
                           compaction.files_before,
                           compaction.files_after,
                           compaction.bytes_before,
                           compaction.bytes_after,
                           compaction.rows_dropped,
                           compaction.groups_left,
                           report.snapshots_expired,
                           report.manifests_before,
                           report.manifests_after,
                           report.orphans_removed,
                           report.orphan_bytes};
}

Result<ExitCode> LakeMaintain(Context& context) {
  FIRN_TRY(const lake::MaintainOptions options, OptionsOf(context));
  FIRN_TRY(const auto lake, OpenLakeToRead(context));
  FIRN_TRY(const auto idents, Selected(context, *lake));
  if (context.Text("engine") == "spark") return MaintainBySpark(context, *lake, idents, options);
  const bool plan = context.Flag("plan");
  Table out = plan ? PlanTable() : DoneTable();
  std::optional<Error> first;
  for (const lake::TableIdent& ident : idents) {
    context.progress().Update({.what = (plan ? "looking at " : "maintaining ") + ident.Text()});
    auto row =
        plan ? PlanRow(context, *lake, ident, options) : DoneRow(context, *lake, ident, options);
    if (row) {
      out.rows.push_back(*std::move(row));
    } else if (idents.size() == 1 || row.error().kind() == Kind::kCancelled) {
      return Fail(std::move(row).error());
    } else {
      // One table that cannot be maintained must not keep the others waiting.
      context.out().Warn(row.error().OneLine());
      first = std::move(row).error();
    }
  }
  context.progress().Finish();
  context.out().Print(out);
  return first ? ExitCode::kFailed : ExitCode::kDone;
}

}  // namespace

void AddLakeMaintainCommand(CommandTree& tree) {
  std::vector<Option> options = {
      {.name = "table", .value = "NS.T", .help = "only this table", .repeats = true},
      {.name = "plan", .help = "say what would be done, change nothing"},
      {.name = "only",
       .value = "STEP",
       .help = "only this step",
       .choices = {"compact", "manifests", "expire", "orphans"},
       .repeats = true},
      {.name = "sort-by", .value = "A,B", .help = "sort the rows of each file written, ascending"},
      {.name = "rewrite-all", .help = "write files of the right size anew too, to sort them all"},
      {.name = "file-size",
       .value = "SIZE",
       .help = "size of a data file",
       .type = ValueType::kBytes,
       .default_value = "128MiB"},
      {.name = "memory",
       .value = "SIZE",
       .help = "for sorting",
       .type = ValueType::kBytes,
       .default_value = "256MiB"},
      {.name = "keep",
       .value = "N",
       .help = "snapshots of a branch that stay at most",
       .type = ValueType::kInteger,
       .min = 1},
      {.name = "older-than",
       .value = "TIME",
       .help = "snapshots older than this go",
       .type = ValueType::kDuration},
      {.name = "orphans-after",
       .value = "TIME",
       .help = "age at which a file nobody refers to is removed, a day at least",
       .type = ValueType::kDuration,
       .default_value = "3d"}};
  const std::vector<Option> spark = SparkOptionList();
  options.insert(options.end(), spark.begin(), spark.end());
  options.insert(options.end(), WarehouseOptions().begin(), WarehouseOptions().end());
  tree.Add({.path = "lake maintain",
            .summary = "compact tables, expire snapshots, put manifests together, remove orphans",
            .options = std::move(options),
            .examples = {"firn lake maintain --plan",
                         "firn lake maintain --table salesforce.Account --sort-by Id --rewrite-all",
                         "firn lake maintain --only expire --keep 10",
                         "firn lake maintain --engine spark --spark-conf spark.jars=iceberg.jar"},
            .run = LakeMaintain});
}

}  // namespace firn::cli
