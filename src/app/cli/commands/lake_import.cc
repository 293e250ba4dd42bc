// lake import: result pages or Data Export files from disk into a table.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "app/cli/commands.h"
#include "app/cli/commands/lake_access.h"
#include "ends/lake/ingest/import.h"

namespace firn::cli {
namespace {

Result<char> Delimiter(Context& context) {
  const std::string text = context.Text("delimiter");
  if (text == "tab" || text == "\\t") return '\t';
  if (text.size() == 1 && text != "\"") return text.front();
  return Fail(context.UsageError("--delimiter takes one character or `tab`"));
}

Result<lake::ImportOptions> OptionsOf(Context& context) {
  lake::ImportOptions options;
  FIRN_TRY(options.table, TableIdentOf(context, context.Text("table")));
  options.pages = context.List("pages");
  options.describe_path = context.Text("describe");
  FIRN_CHECK(context.FileText("describe"));  // told before anything is made
  const std::string mode = context.Text("mode");
  if (mode == "replace") options.mode = lake::ImportOptions::Mode::kReplace;
  if (mode == "upsert") options.mode = lake::ImportOptions::Mode::kUpsert;
  options.key = context.Text("key");
  options.partition = context.Text("partition");
  options.commit_per_file = context.Flag("commit-per-file");
  if (options.commit_per_file && mode != "upsert")
    return Fail(context.UsageError("--commit-per-file goes with --mode upsert"));
  options.resume = context.Flag("resume");
  if (options.resume && !options.commit_per_file)
    return Fail(context.UsageError("--resume goes with --commit-per-file"));
  options.threads = context.Has("threads")
                        ? static_cast<int>(context.Integer("threads"))
                        : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  FIRN_TRY(options.delimiter, Delimiter(context));
  options.strict = context.Flag("strict");
  options.plain_encoding = context.Flag("plain-encoding");
  options.rejects_path = context.Text("rejects");
  return options;
}

void PrintReport(Context& context, const lake::ImportOptions& options,
                 const lake::ImportReport& report, double seconds) {
  context.out().Print(
      "firn.lake.import/1",
      {{"table", "table", options.table.Text()},
       {"snapshot_id", "snapshot", std::to_string(report.snapshot_id)},
       {"pages", "pages", report.pages},
       {"rows_received", "rows received", report.rows_received},
       {"rows_written", "rows written", report.rows_written},
       {"rows_inserted", "rows inserted", report.rows_inserted},
       {"rows_updated", "rows updated", report.rows_updated},
       {"commits", "commits", report.commits},
       {"rows_rejected", "rows rejected", report.rows_rejected},
       {"values_rounded", "values rounded", report.values_rounded},
       {"nuls_seen", "NUL bytes kept", report.nuls_seen},
       {"csv_bytes", "bytes read", report.csv_bytes},
       {"files", "files", static_cast<int64_t>(report.files.size())},
       {"file_bytes", "bytes written", report.file_bytes},
       {"seconds", "seconds", seconds},
       {"rejects", "rejects", report.rejects_path.empty() ? Cell() : Cell(report.rejects_path)},
       {"metadata", "metadata", report.metadata_location}});
  if (options.resume) {
    context.out().Talk(fmt::format("{} files had been committed before, {} came now",
                                   report.pages_passed_over, report.pages));
  }
  for (const std::string& warning : report.warnings) context.out().Warn(warning);
  for (const lake::Reject& reject : report.rejects) {
    if (reject.kind != lake::Reject::Kind::kRejected) continue;
    context.out().Talk(fmt::format("rejected: page {} row {}: field `{}` is {}", reject.page + 1,
                                   reject.row, reject.field, reject.reason));
  }
}

Result<ExitCode> LakeImport(Context& context) {
  FIRN_TRY(lake::ImportOptions options, OptionsOf(context));
  FIRN_TRY(const auto lake, OpenLake(context, {.create = true}));
  const SteadyTime start = context.call().clock->Steady();
  std::atomic<int64_t> read{0};
  options.on_bytes = [&, &progress = context.progress()](int64_t bytes) {
    progress.Update({.what = "importing " + options.table.Text(), .bytes = read += bytes});
  };
  FIRN_TRY(const lake::ImportReport report, lake::ImportPages(context.call(), *lake, options));
  context.progress().Finish();
  const std::chrono::duration<double> took = context.call().clock->Steady() - start;
  PrintReport(context, options, report, took.count());
  return report.rows_rejected > 0 ? ExitCode::kFailed : ExitCode::kDone;
}

}  // namespace

void AddLakeImportCommand(CommandTree& tree) {
  std::vector<Option> options = {
      {.name = "table", .value = "NS.T", .help = "the table; made at need", .required = true},
      {.name = "pages",
       .value = "PATH",
       .help = "a CSV file, or a folder of *.csv files",
       .required = true,
       .repeats = true},
      {.name = "describe",
       .value = "FILE",
       .help = "the object's describe result, JSON",
       .required = true},
      {.name = "mode",
       .value = "MODE",
       .help = "append adds the rows, replace makes them stand for all, upsert puts each in the "
               "place of the row with its key",
       .default_value = "append",
       .choices = {"append", "replace", "upsert"}},
      {.name = "key",
       .value = "COLUMN",
       .help = "upsert: the column that names a row",
       .default_value = "Id"},
      {.name = "commit-per-file", .help = "upsert: one snapshot a file instead of one for all"},
      {.name = "resume",
       .help = "--commit-per-file: begin behind the last file that was committed"},
      {.name = "partition",
       .value = "SPEC",
       .help = "of a table that this makes: `bucket(16, Id), day(CreatedDate)`"},
      {.name = "threads",
       .value = "N",
       .help = "pages read at the same time; without: as many as the machine has cores",
       .type = ValueType::kInteger,
       .min = 1,
       .max = 1024},
      {.name = "delimiter",
       .value = "CHAR",
       .help = "between cells; `tab` for a tab",
       .default_value = ","},
      {.name = "strict", .help = "stop at the first row that does not fit"},
      {.name = "rejects", .value = "FILE", .help = "where rows that do not fit go, mode 0600"},
      {.name = "plain-encoding", .help = "no delta encodings, for readers that lack them"}};
  options.insert(options.end(), WarehouseOptions().begin(), WarehouseOptions().end());
  tree.Add({.path = "lake import",
            .summary = "load CSV result pages or Data Export files into a table",
            .options = std::move(options),
            .examples = {"firn lake import --table sales.Account --pages pages/ --describe "
                         "Account.json --warehouse lake/",
                         "firn lake import --table sales.Account --pages changes.csv --describe "
                         "Account.json --mode upsert --key Id --warehouse lake/"},
            .run = LakeImport});
}

}  // namespace firn::cli
