#include "ends/lake/read/row_diff.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <map>

#include "core/base/nearest.h"
#include "ends/lake/commit/delete_files.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/internal/parquet_source.h"
#include "ends/lake/internal/row_mask.h"
#include "ends/lake/read/row_text.h"

namespace firn::lake {
namespace {

using Positions = std::vector<int64_t>;
using ByPath = std::map<std::string, const LiveFile*>;

// Those of `a` that are not in `b`; both sorted.
Positions Minus(const Positions& a, const Positions& b) {
  Positions out;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  return out;
}

ByPath Index(const std::vector<LiveFile>& files) {
  ByPath out;
  for (const LiveFile& live : files) out[live.file.path] = &live;
  return out;
}

class Differ {
 public:
  Differ(const Call& call, const Table& table, const RowDiffOptions& options)
      : call_(call), table_(table), options_(options) {
    source_.schema = table.schema();
    source_.hints = internal::HintsOf(table.metadata());
  }

  Result<void> FindKey() {
    for (size_t i = 0; i < source_.schema.fields.size(); ++i) {
      if (source_.schema.fields[i].name == options_.key) key_ = static_cast<int>(i);
    }
    if (key_ >= 0) return {};
    std::vector<std::string> names;
    for (const record::Field& field : source_.schema.fields) names.push_back(field.name);
    return Fail(Error(Kind::kNotFound, "LAKE-COLUMN-001",
                      "table `" + table_.ident().Text() + "` has no column `" + options_.key + "`" +
                          DidYouMean(options_.key, names)));
  }

  // Rows that `side` has in files which `other` lacks, or lost there by deletion.
  Result<void> Read(const ByPath& side, const ByPath& other, int sign) {
    for (const auto& [path, live] : side) {
      FIRN_TRY(const Positions deleted, Deleted(*live));
      const auto same = other.find(path);
      if (same == other.end()) {
        FIRN_CHECK(ReadFile(*live, deleted, nullptr, sign));
        continue;
      }
      FIRN_TRY(const Positions theirs, Deleted(*same->second));
      const Positions lost = Minus(theirs, deleted);
      if (!lost.empty()) FIRN_CHECK(ReadFile(*live, deleted, &lost, sign));
    }
    return {};
  }

  std::vector<RowChange> Changes() {
    std::vector<RowChange> out;
    for (auto& [key, rows] : rows_) {
      auto& [before, after] = rows;
      Cancel(before, after);
      while (!before.empty() && !after.empty()) {
        out.push_back({RowChange::Kind::kChanged, key, before.back(), after.back()});
        before.pop_back();
        after.pop_back();
      }
      for (auto& row : before) out.push_back({RowChange::Kind::kRemoved, key, row, ""});
      for (auto& row : after) out.push_back({RowChange::Kind::kAdded, key, "", row});
    }
    return out;
  }

 private:
  using Side = std::vector<std::string>;

  // Takes out what is on both sides: moved, not changed.
  static void Cancel(Side& before, Side& after) {
    std::sort(before.begin(), before.end());
    std::sort(after.begin(), after.end());
    Side only_before;
    Side only_after;
    std::set_difference(before.begin(), before.end(), after.begin(), after.end(),
                        std::back_inserter(only_before));
    std::set_difference(after.begin(), after.end(), before.begin(), before.end(),
                        std::back_inserter(only_after));
    before = std::move(only_before);
    after = std::move(only_after);
  }

  Result<Positions> Deleted(const LiveFile& live) { return DeadPositions(call_, table_, live); }

  // `only`: these positions; nullptr: all that are not deleted.
  Result<void> ReadFile(const LiveFile& live, const Positions& deleted, const Positions* only,
                        int sign) {
    FIRN_TRY(const auto source,
             internal::ParquetSource::Open(call_, *table_.store(), live.file, source_));
    for (;;) {
      FIRN_TRY(auto batch, source->Next(call_));
      if (batch == nullptr) return {};
      const int64_t first = source->first_row();
      if (only == nullptr) {
        FIRN_TRY(batch, internal::WithoutRows(std::move(batch), first, deleted));
      } else {
        std::vector<bool> keep(static_cast<size_t>(batch->num_rows()), false);
        const auto end = first + batch->num_rows();
        for (auto at = std::lower_bound(only->begin(), only->end(), first);
             at != only->end() && *at < end; ++at)
          keep[static_cast<size_t>(*at - first)] = true;
        FIRN_TRY(batch, internal::OnlyRows(std::move(batch), keep));
      }
      FIRN_CHECK(Take(*batch, sign));
    }
  }

  Result<void> Take(const arrow::RecordBatch& batch, int sign) {
    const RowText text(batch, source_.schema);
    for (int64_t row = 0; row < text.rows(); ++row) {
      auto& [before, after] = rows_[text.Cell(row, key_).value_or("")];
      (sign < 0 ? before : after).push_back(text.JsonObject(row));
    }
    rows_held_ += text.rows();
    if (rows_held_ <= options_.rows_max) return {};
    return Fail(Error(Kind::kLimitReached, "LAKE-DIFF-001",
                      "the two states of `" + table_.ident().Text() + "` differ too much")
                    .Because("more than " + std::to_string(options_.rows_max) +
                             " rows would have to be held in memory")
                    .Hint("compare states that lie closer together"));
  }

  const Call& call_;
  const Table& table_;
  const RowDiffOptions& options_;
  internal::SourceOptions source_;
  int key_ = -1;
  int64_t rows_held_ = 0;
  std::map<std::string, std::pair<Side, Side>> rows_;  // by key: before and after
};

}  // namespace

Result<std::vector<RowChange>> DiffRows(const Call& call, const Table& table,
                                        const RowDiffOptions& options) {
  Differ differ(call, table, options);
  FIRN_CHECK(differ.FindKey());
  FIRN_TRY(const auto before, LiveFiles(call, table, options.from));
  FIRN_TRY(const auto after, LiveFiles(call, table, options.to));
  FIRN_CHECK(differ.Read(Index(before), Index(after), -1));
  FIRN_CHECK(differ.Read(Index(after), Index(before), 1));
  return differ.Changes();
}

}  // namespace firn::lake
