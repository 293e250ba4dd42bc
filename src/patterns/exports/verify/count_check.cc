#include "patterns/exports/verify/count_check.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/time_text.h"
#include "core/record/column_hash.h"
#include "patterns/exports/object/layout_for.h"
#include "patterns/exports/object/row_marks.h"
#include "patterns/exports/window/watermark.h"
#include "patterns/exports/window/window.h"

namespace firn::exports {
namespace {

constexpr int64_t kDayUs = 24LL * 3600 * 1'000'000;

// Bounds of the windows, in microseconds: `days` of a day each up to the watermark.
std::vector<int64_t> Bounds(int64_t watermark_us, int days) {
  std::vector<int64_t> bounds;
  for (int day = days; day >= 0; --day) bounds.push_back(watermark_us - day * kDayUs);
  return bounds;
}

std::string Text(int64_t us) { return FormatUtc(UtcMicros(std::chrono::microseconds(us)), 0); }

Result<std::vector<int64_t>> CountLake(const Call& call, const lake::Table& table,
                                       const std::string& cursor,
                                       const std::vector<int64_t>& bounds) {
  std::vector<int64_t> rows(bounds.size(), 0);
  record::Schema schema;
  for (const std::string& name : {std::string("Id"), cursor}) {
    if (const record::Field* field = table.schema().Find(name)) schema.fields.push_back(*field);
  }
  const auto count = [&](const std::shared_ptr<arrow::RecordBatch>& batch) -> Result<void> {
    std::vector<record::RowMark> marks;
    record::RowMarks(*batch, schema, cursor, marks);
    for (const record::RowMark& mark : marks) {
      const auto window = std::upper_bound(bounds.begin(), bounds.end(), mark.stamp);
      if (window != bounds.end()) ++rows[static_cast<size_t>(window - bounds.begin())];
    }
    return {};
  };
  FIRN_CHECK(EachLiveBatch(call, table, schema, count));
  return rows;
}

class Checker {
 public:
  Checker(const Call& call, const ExportParts& parts, const ObjectSpec& spec)
      : call_(call), parts_(parts), spec_(spec) {}

  Result<CountCheckOutcome> Run(const CountCheckOptions& options) {
    FIRN_TRY(const auto ident, lake::ParseTableIdent(spec_.table));
    FIRN_TRY(const auto table, parts_.lake->Load(ident));
    FIRN_TRY(const auto description, parts_.rest->Describe(call_, spec_.object));
    out_.object = spec_.object;
    out_.table = spec_.table;
    out_.cursor = CursorFieldOf(description.json);
    const auto progress = ProgressOf(table, spec_.object);
    const auto watermark = ParseInstant(progress ? progress->watermark : "");
    if (out_.cursor.empty() || !watermark) {
      return Fail(Error(Kind::kBadInput, "EXPORT-CHECK-001",
                        "rows of `" + spec_.object + "` cannot be counted by windows")
                      .Because(out_.cursor.empty()
                                   ? "it has no field that tells when a record changed"
                                   : "its table tells no watermark")
                      .Hint("`firn export verify --deep --object " + spec_.object +
                            "` compares every row"));
    }
    out_.watermark = progress->watermark;
    const auto end = std::chrono::floor<std::chrono::seconds>(*watermark);
    const auto bounds =
        Bounds(std::chrono::microseconds(end.time_since_epoch()).count(), options.days);
    FIRN_TRY(const auto rows, CountLake(call_, table, out_.cursor, bounds));
    for (size_t i = 0; i < bounds.size(); ++i) {
      CountedWindow window{.end = Text(bounds[i]), .rows_lake = rows[i]};
      std::string condition = out_.cursor + " < " + window.end;
      if (i > 0) {
        window.start = Text(bounds[i - 1]);
        condition = out_.cursor + " >= " + window.start + " AND " + condition;
      }
      window.rows_org = CountOrg(condition, spec_.all_rows);
      out_.windows.push_back(std::move(window));
    }
    const std::string since = out_.cursor + " >= " + Text(bounds.back());
    out_.changed_since = CountOrg(since, spec_.all_rows);
    // What was deleted since has left its window too.
    const bool bin = description.json.find("\"IsDeleted\"") != std::string::npos;
    if (bin && out_.changed_since) out_.changed_since = CountOrg(since, true);
    if (Fewer() > out_.changed_since.value_or(0)) FIRN_CHECK(CountListedDeletes(end));
    Judge();
    return std::move(out_);
  }

 private:
  std::optional<int64_t> CountOrg(const std::string& condition, bool all_rows) {
    std::string soql = "SELECT COUNT() FROM " + spec_.object + " WHERE ";
    if (!spec_.where.empty()) soql += "(" + spec_.where + ") AND ";
    auto count = parts_.rest->Count(call_, soql + condition, all_rows);
    if (count) return *count;
    out_.notes.push_back("not counted: " + count.error().what());
    return std::nullopt;
  }

  [[nodiscard]] int64_t Fewer() const {
    int64_t fewer = 0;
    for (const CountedWindow& window : out_.windows) {
      if (window.rows_org) fewer += std::max<int64_t>(0, window.rows_lake - *window.rows_org);
    }
    return fewer;
  }

  // Records that left the recycle bin, or never came into one, are told by the list alone.
  Result<void> CountListedDeletes(UtcMicros watermark) {
    FIRN_TRY(const UtcMicros now, parts_.rest->OrgTime(call_));
    const DeletedRange range = RangeOfDeletes(watermark, now);
    const auto deleted = parts_.rest->Deleted(call_, spec_.object, {range.start, range.end});
    if (!deleted) return {};  // an object without replication has no such list
    const auto listed =
        std::count_if(deleted->records.begin(), deleted->records.end(), [&](const auto& record) {
          const auto when = ParseInstant(record.deleted_date);
          return when && *when >= watermark;
        });
    out_.changed_since = out_.changed_since.value_or(0) + listed;
    return {};
  }

  // A row that changed since has left its window in the org, never entered one; each explains one
  // row that is missing there.
  void Judge() {
    int64_t explains = out_.changed_since.value_or(0);
    for (const CountedWindow& window : out_.windows) {
      if (!window.rows_org || *window.rows_org == window.rows_lake) continue;
      const int64_t fewer = window.rows_lake - *window.rows_org;
      if (fewer > 0 && fewer <= explains) {
        explains -= fewer;
        out_.notes.push_back(std::to_string(fewer) + " rows of the window to " + window.end +
                             " may have changed or been deleted after the watermark");
      } else {
        ++out_.differences;
      }
    }
  }

  const Call& call_;
  const ExportParts& parts_;
  const ObjectSpec& spec_;
  CountCheckOutcome out_;
};

}  // namespace

Result<CountCheckOutcome> CheckCounts(const Call& call, const ExportParts& parts,
                                      const ObjectSpec& spec, const CountCheckOptions& options) {
  return Doing(Checker(call, parts, spec).Run(options), "counting " + spec.object);
}

std::string CountCheckJson(const CountCheckOutcome& o) {
  nlohmann::ordered_json json;
  const auto optional = [](const std::optional<int64_t>& value) {
    return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
  };
  json["object"] = o.object;
  json["table"] = o.table;
  json["cursor"] = o.cursor;
  json["watermark"] = o.watermark;
  json["differences"] = o.differences;
  json["changed_since"] = optional(o.changed_since);
  json["windows"] = nlohmann::ordered_json::array();
  for (const CountedWindow& window : o.windows) {
    json["windows"].push_back(
        {{"start", window.start.empty() ? nlohmann::json(nullptr) : nlohmann::json(window.start)},
         {"end", window.end},
         {"rows_org", optional(window.rows_org)},
         {"rows_lake", window.rows_lake}});
  }
  json["notes"] = o.notes;
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace firn::exports
