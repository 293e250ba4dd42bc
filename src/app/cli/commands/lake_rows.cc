#include "app/cli/commands/lake_access.h"
#include "core/base/time_text.h"
#include "ends/lake/read/row_text.h"
#include "ends/lake/read/rows.h"
#include "ends/lake/read/snapshot_at.h"

namespace firn::cli {
namespace {

constexpr int64_t kTableRowsDefault = 20;
// A table is laid out in memory: longer lists go out as CSV or JSON lines.
constexpr int64_t kTableRowsMax = 10'000;

// Hands every row to `put` as text, as long as somebody reads them.
template <typename Put>
Result<void> EachRow(Context& context, lake::RowReader& reader, Put put) {
  for (;;) {
    FIRN_TRY(const auto batch, reader.Next(context.call()));
    if (batch == nullptr || context.out().closed()) return {};
    const lake::RowText text(*batch, reader.schema());
    for (int64_t row = 0; row < text.rows(); ++row) put(text, row);
  }
}

Result<ExitCode> PrintTable(Context& context, lake::RowReader& reader) {
  Table out;
  out.format = "firn.lake.rows/1";
  out.when_empty = "no rows";
  for (const auto& field : reader.schema().fields)
    out.columns.push_back({.key = field.name, .title = field.name, .shrink = true});
  const int columns = static_cast<int>(out.columns.size());
  FIRN_CHECK(EachRow(context, reader, [&](const lake::RowText& text, int64_t row) {
    std::vector<Cell> cells;
    for (int column = 0; column < columns; ++column) {
      auto cell = text.Cell(row, column);
      cells.push_back(cell ? Cell(*std::move(cell)) : Cell());
    }
    out.rows.push_back(std::move(cells));
  }));
  context.out().Print(out);
  return ExitCode::kDone;
}

// Option `at` as the snapshot that was current then, or option `snapshot`.
Result<std::optional<int64_t>> StateOption(Context& context, const lake::Table& table) {
  if (!context.Has("at")) return SnapshotOption(context);
  if (context.Has("snapshot"))
    return Fail(context.UsageError("--at and --snapshot exclude each other"));
  FIRN_TRY(const UtcMicros at, InstantOf(context, context.Text("at")));
  FIRN_TRY(const lake::SnapshotInfo snapshot, lake::SnapshotAt(table, at));
  return std::optional<int64_t>(snapshot.snapshot_id);
}

}  // namespace

Result<ExitCode> LakeRows(Context& context) {
  const bool csv = context.Flag("csv");
  const bool json = context.out().json();
  if (csv && json) return Fail(context.UsageError("--csv and --json exclude each other"));
  lake::RowsOptions options;
  options.columns = ColumnsOf(context.Text("columns"));
  options.limit = csv || json ? -1 : kTableRowsDefault;
  if (context.Has("limit")) options.limit = context.Integer("limit");
  if (!csv && !json && (options.limit < 0 || options.limit > kTableRowsMax))
    return Fail(context.UsageError("a table shows at most " + std::to_string(kTableRowsMax) +
                                   " rows; use --csv or --json for more"));
  options.where = context.Text("where");
  FIRN_TRY(const lake::Table table, OpenTable(context));
  FIRN_TRY(options.snapshot, StateOption(context, table));
  FIRN_TRY(const auto reader, lake::RowReader::Open(context.call(), table, options));
  if (json) {
    FIRN_CHECK(EachRow(context, *reader, [&](const lake::RowText& text, int64_t row) {
      context.out().Json("firn.lake.row/1", "{\"row\":" + text.JsonObject(row) + "}");
    }));
    return ExitCode::kDone;
  }
  if (!csv) return PrintTable(context, *reader);
  context.out().Raw(lake::RowText::CsvHeader(reader->schema()));
  FIRN_CHECK(EachRow(context, *reader, [&](const lake::RowText& text, int64_t row) {
    context.out().Raw(text.CsvLine(row));
  }));
  return ExitCode::kDone;
}

}  // namespace firn::cli
