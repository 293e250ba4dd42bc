#include "patterns/exports/verify/differing_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/time_text.h"
#include "patterns/exports/object/fill_columns.h"
#include "patterns/exports/object/layout_for.h"
#include "patterns/exports/window/watermark.h"
#include "patterns/exports/window/window.h"

namespace firn::exports {
namespace {

// Of a field, and of stale rows one by one: they are alike.
constexpr size_t kFirstNamed = 3;

std::string Later(const std::string& a, const std::string& b) {
  const auto at = ParseInstant(a);
  const auto bt = ParseInstant(b);
  return !bt || (at && *at >= *bt) ? a : b;
}

std::string FieldNote(const FieldDifference& field, const ObjectSpec& spec) {
  std::string text =
      fmt::format("field {} {} in {} rows ({}{})", field.field,
                  field.silent ? "is stale" : "differs", field.rows, fmt::join(field.ids, ", "),
                  field.rows > static_cast<int64_t>(field.ids.size()) ? ", .." : "");
  if (!field.silent) return text;
  text += ": it changes without moving the cursor";
  if (!field.read_at.empty()) text += ", and was last read at " + field.read_at;
  return text + "; `firn export run " + spec.object +
         " --mode incremental --refresh` reads it again";
}

}  // namespace

std::vector<ColumnFreshness> FreshnessOf(const lake::Table& table, const ObjectSpec& spec,
                                         const std::string& describe, const record::Layout& layout,
                                         const record::Schema& compared, UtcMicros org_now) {
  std::vector<ColumnFreshness> out(compared.fields.size());
  const auto progress = ProgressOf(table, spec.object);
  const auto refreshed = RefreshedColumns(table);
  for (const std::string& name : SilentFieldsOf(describe, spec)) {
    const int column = layout.ColumnIndex(name);
    if (column < 0) continue;
    const auto place = static_cast<size_t>(layout.columns[static_cast<size_t>(column)].field_index);
    const record::Field& field = layout.schema.fields[place];
    for (size_t i = 0; i < compared.fields.size(); ++i) {
      if (compared.fields[i].id != field.id) continue;
      ColumnFreshness& fresh = out[i];
      fresh.silent = true;
      const auto read = refreshed.find(field.name);
      fresh.read_at =
          Later(progress ? progress->refreshed : "", read == refreshed.end() ? "" : read->second);
      const auto every = spec.incremental.refresh_every;
      fresh.expected =
          every.count() > 0 && !fresh.read_at.empty() && !IsDue(fresh.read_at, every, org_now);
    }
  }
  return out;
}

void DifferingRows::Note(const SpilledMark& org) {
  ++rows_;
  if (noted_.size() < kRowsTold) noted_.push_back({org.id, org.stamp});
}

const DifferingRows::Noted* DifferingRows::Find(std::string_view id) const {
  const auto at = std::lower_bound(
      noted_.begin(), noted_.end(), id,
      [](const Noted& noted, std::string_view text) { return View(noted.id) < text; });
  return at == noted_.end() || View(at->id) != id ? nullptr : &*at;
}

Result<void> DifferingRows::Tell(const Call& call, const Sides& sides) {
  if (noted_.empty()) return {};
  std::sort(noted_.begin(), noted_.end(),
            [](const Noted& a, const Noted& b) { return a.id < b.id; });
  fields_.resize(options_.compared.fields.size());
  FieldTally tally(options_.compared, sides.folder, static_cast<int64_t>(noted_.size()));
  const auto into = [&](FieldTally::Side side) {
    return [this, &tally, side](const std::shared_ptr<arrow::RecordBatch>& batch) -> Result<void> {
      FIRN_TRY(const auto rows, RowsOf(batch, options_.compared, [this](std::string_view id) {
                 return Find(id) != nullptr;
               }));
      return tally.Add(side, *rows);
    };
  };
  FIRN_CHECK(EachStagedBatch(call, sides.org, options_.compared, into(FieldTally::Side::kOrg)));
  FIRN_CHECK(EachLiveBatch(call, sides.lake, options_.compared, into(FieldTally::Side::kLake)));
  return tally.EachDifferent(call, [this](std::string_view id, const std::vector<size_t>& fields) {
    return Judge(id, fields);
  });
}

Result<void> DifferingRows::Judge(std::string_view id, const std::vector<size_t>& fields) {
  bool stale = true;
  bool expected = true;
  for (const size_t place : fields) {
    FieldDifference& field = fields_[place];
    ++field.rows;
    if (field.ids.size() < kFirstNamed) field.ids.emplace_back(id);
    stale = stale && options_.freshness[place].silent;
    expected = expected && options_.freshness[place].expected;
  }
  stale_ += stale ? 1 : 0;
  stale_expected_ += expected ? 1 : 0;
  std::vector<DifferentRow>& rows = stale ? stale_rows_ : different_;
  if (rows.size() >= (stale ? kFirstNamed : options_.rows_named_max)) return {};
  DifferentRow row{.id = std::string(id), .stale = stale};
  const Noted* noted = Find(id);
  if (noted != nullptr && noted->stamp != 0)
    row.stamp = FormatUtc(UtcMicros(std::chrono::microseconds(noted->stamp)));
  if (expected) row.explanation = "stale until the next refresh";
  rows.push_back(std::move(row));
  return {};
}

void DifferingRows::AddTo(const ObjectSpec& spec, DeepOutcome& outcome) {
  outcome.stale = stale_;
  outcome.stale_unexplained = stale_ - stale_expected_;
  outcome.explained += stale_expected_;
  for (auto* rows : {&different_, &stale_rows_}) {
    for (DifferentRow& row : *rows) outcome.rows.push_back(std::move(row));
  }
  for (size_t i = 0; i < fields_.size(); ++i) {
    FieldDifference& field = fields_[i];
    if (field.rows == 0) continue;
    field.field = options_.compared.fields[i].name;
    field.silent = options_.freshness[i].silent;
    field.read_at = options_.freshness[i].read_at;
    outcome.notes.push_back(FieldNote(field, spec));
    outcome.fields.push_back(std::move(field));
  }
  if (rows_ > static_cast<int64_t>(noted_.size())) {
    outcome.notes.push_back(fmt::format("of {} rows that differ, the fields of {} were compared",
                                        rows_, noted_.size()));
  }
}

}  // namespace firn::exports
