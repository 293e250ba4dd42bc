// lake at, lake diff, lake sample: older states, what changed between two, and some rows of one.
#include "app/cli/commands.h"
#include "app/cli/commands/lake_access.h"
#include "core/base/time_text.h"
#include "ends/lake/read/row_diff.h"
#include "ends/lake/read/row_text.h"
#include "ends/lake/read/rows.h"
#include "ends/lake/read/snapshot_at.h"

namespace firn::cli {
namespace {

constexpr int64_t kSampleMax = 10'000;

Result<ExitCode> LakeAt(Context& context) {
  FIRN_TRY(const UtcMicros at, InstantOf(context, context.Text("time")));
  FIRN_TRY(const lake::Table table, OpenTable(context));
  FIRN_TRY(const lake::SnapshotInfo snapshot, lake::SnapshotAt(table, at));
  const auto rows = lake::RowsOf(snapshot);
  context.out().Print("firn.lake.at/1",
                      {{"table", "table", table.ident().Text()},
                       {"at", "at", FormatUtc(at)},
                       {"snapshot", "snapshot", std::to_string(snapshot.snapshot_id)},
                       {"committed_at", "committed",
                        FormatUtc(UtcMicros(std::chrono::milliseconds(snapshot.timestamp_ms)))},
                       {"operation", "operation", snapshot.operation},
                       {"rows", "rows", rows ? Cell(*rows) : Cell()}});
  return ExitCode::kDone;
}

Result<int64_t> Id(Context& context, const std::string& text) {
  char* end = nullptr;
  const int64_t id = std::strtoll(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0')
    return Fail(context.UsageError("`" + text + "` is no snapshot id"));
  return id;
}

Result<ExitCode> LakeDiff(Context& context) {
  lake::RowDiffOptions options;
  options.key = context.Text("key");
  FIRN_TRY(options.from, Id(context, context.Text("from")));
  if (context.Has("to")) {
    FIRN_TRY(options.to, Id(context, context.Text("to")));
  }
  FIRN_TRY(const lake::Table table, OpenTable(context));
  FIRN_TRY(const auto changes, lake::DiffRows(context.call(), table, options));
  Table out{"firn.lake.diff/1",
            {{"change", "change"},
             {"key", "key", false, false, Ink::kName},
             {"before", "before", false, true},
             {"after", "after", false, true}},
            {},
            "the two states hold the same rows"};
  constexpr const char* kKinds[] = {"added", "removed", "changed"};
  for (const lake::RowChange& change : changes) {
    out.rows.push_back({std::string(kKinds[static_cast<size_t>(change.kind)]), change.key,
                        change.before.empty() ? Cell() : Cell(change.before),
                        change.after.empty() ? Cell() : Cell(change.after)});
  }
  context.out().Print(out);
  return ExitCode::kDone;
}

// Each row has the same chance (reservoir sampling, Vitter's algorithm R).
Result<ExitCode> LakeSample(Context& context) {
  const int64_t wanted = context.Integer("limit");
  if (wanted < 1 || wanted > kSampleMax)
    return Fail(context.UsageError("--limit is 1 to " + std::to_string(kSampleMax)));
  lake::RowsOptions options;
  options.where = context.Text("where");
  FIRN_TRY(options.snapshot, SnapshotOption(context));
  FIRN_TRY(const lake::Table table, OpenTable(context));
  FIRN_TRY(const auto reader, lake::RowReader::Open(context.call(), table, options));
  Table out;
  out.format = "firn.lake.rows/1";
  out.when_empty = "no rows";
  for (const auto& field : reader->schema().fields)
    out.columns.push_back({.key = field.name, .title = field.name, .shrink = true});
  int64_t seen = 0;
  for (;;) {
    FIRN_TRY(const auto batch, reader->Next(context.call()));
    if (batch == nullptr) break;
    const lake::RowText text(*batch, reader->schema());
    for (int64_t row = 0; row < text.rows(); ++row, ++seen) {
      auto slot = static_cast<uint64_t>(seen);
      if (seen >= wanted) slot = context.call().random->Next() % static_cast<uint64_t>(seen + 1);
      if (slot >= static_cast<uint64_t>(wanted)) continue;
      std::vector<Cell> cells;
      for (size_t column = 0; column < out.columns.size(); ++column) {
        auto cell = text.Cell(row, static_cast<int>(column));
        cells.push_back(cell ? Cell(*std::move(cell)) : Cell());
      }
      if (slot < out.rows.size()) {
        out.rows[slot] = std::move(cells);
      } else {
        out.rows.push_back(std::move(cells));
      }
    }
  }
  context.out().Print(out);
  return ExitCode::kDone;
}

}  // namespace

void AddLakeStateCommands(CommandTree& tree) {
  tree.Add(
      {.path = "lake sample",
       .summary = "some of a table's rows, each as likely as any other",
       .arguments = {TableArgument()},
       .options = WithWarehouse(
           {{.name = "limit",
             .value = "N",
             .help = "rows",
             .type = ValueType::kInteger,
             .default_value = "10"},
            {.name = "where", .value = "FILTER", .help = "only of the rows for which this holds"},
            {.name = "snapshot", .value = "ID", .help = "an older state, by its snapshot id"}}),
       .examples = {"firn lake sample salesforce.Account --limit 5"},
       .run = LakeSample});
  tree.Add({.path = "lake at",
            .summary = "the state of a table that was current at a time",
            .arguments = {TableArgument(),
                          {.name = "time",
                           .help = "as 2026-11-24T02:56:02Z; a date alone is its first "
                                   "moment in UTC"}},
            .options = WithWarehouse({}),
            .examples = {"firn lake at salesforce.Account 2026-11-24T08:30:00Z",
                         "firn lake at salesforce.Account 2026-11-24"},
            .run = LakeAt});
  tree.Add({.path = "lake diff",
            .summary = "the rows that were added, removed or changed between two states",
            .arguments = {TableArgument()},
            .options = WithWarehouse(
                {{.name = "from",
                  .value = "ID",
                  .help = "the older state, by its snapshot id",
                  .required = true},
                 {.name = "to", .value = "ID", .help = "the newer state (default: the current)"},
                 {.name = "key",
                  .value = "COLUMN",
                  .help = "what tells rows apart",
                  .default_value = "Id"}}),
            .examples = {"firn lake diff salesforce.Account --from 4351893450129840123"},
            .run = LakeDiff});
}

}  // namespace firn::cli
