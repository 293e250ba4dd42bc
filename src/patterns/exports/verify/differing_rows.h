// DifferingRows: of rows that both sides have and that differ without explanation, in which fields
// they do, and whether only in such as change without moving a stamp: a stale formula is another
// matter than a lost change. Internal to exports.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/record/layout.h"
#include "patterns/exports/export.h"
#include "patterns/exports/object/row_marks.h"
#include "patterns/exports/verify/deep_verify.h"
#include "patterns/exports/verify/field_tally.h"
#include "patterns/exports/verify/spill_buckets.h"

namespace firn::exports {

// How fresh each of the compared columns is, in their order.
struct ColumnFreshness {
  bool silent = false;    // changes of it move no stamp
  std::string read_at;    // silent: when it was last read whole; empty: not known
  bool expected = false;  // silent, read on a schedule, and not due yet
};
// `describe`: the org's; `layout` made of it; `compared`: columns that are compared.
[[nodiscard]] std::vector<ColumnFreshness> FreshnessOf(
    const lake::Table& table, const ObjectSpec& spec, const std::string& describe,
    const record::Layout& layout, const record::Schema& compared, UtcMicros org_now);

class DifferingRows {
 public:
  struct Options {
    size_t rows_named_max = 100;
    const record::Schema& compared;
    std::vector<ColumnFreshness> freshness;
  };
  explicit DifferingRows(Options options) : options_(std::move(options)) {}

  void Note(const SpilledMark& org);
  struct Sides {
    const std::vector<lake::DataFile>& org;
    const lake::Table& lake;
    std::string folder;  // private; exists
  };
  // Reads both sides again. Errors: of files.
  [[nodiscard]] Result<void> Tell(const Call& call, const Sides& sides);
  // What was told, into the outcome: counts, fields, rows (their fields are not filled) and notes.
  void AddTo(const ObjectSpec& spec, DeepOutcome& outcome);

  // More are counted only; 26 bytes each.
  static constexpr size_t kRowsTold = 2'000'000;

 private:
  struct Noted {
    IdText id{};
    int64_t stamp = 0;
  };
  [[nodiscard]] const Noted* Find(std::string_view id) const;
  Result<void> Judge(std::string_view id, const std::vector<size_t>& fields);

  Options options_;
  std::vector<Noted> noted_;
  int64_t rows_ = 0;  // noted or not
  int64_t stale_ = 0;
  int64_t stale_expected_ = 0;
  std::vector<FieldDifference> fields_;  // by place in `compared`
  std::vector<DifferentRow> different_;
  std::vector<DifferentRow> stale_rows_;
};

}  // namespace firn::exports
