// Merges random changes into a table that bench/import/generate.py's pages were loaded into, at a
// given pace, and prints what came of it as one JSON object.
//
//   merge_driver WAREHOUSE TABLE keys=1000000 commits=60 interval_ms=1000 whole=50000 partial=0
//                skew=1 cache_mb=64 seed=1 format=2 changelog=0
//
// `whole`: whole rows a commit, `partial`: changes of three columns a commit. `skew=1`: four of
// five changes go to a fifth of the keys. Making the changes is not counted as merging.
#include <arrow/api.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "ends/lake/merge/merge.h"
#include "ends/lake/read/rows.h"

namespace {

using firn::Call;
using firn::Result;
using firn::lake::Merger;
using BatchPtr = std::shared_ptr<arrow::RecordBatch>;
using Seconds = std::chrono::duration<double>;

constexpr int64_t kBatchRows = 10'000;

// As generate.py makes them.
std::string RecordId(int64_t number) {
  static constexpr std::string_view kDigits =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string digits(9, '0');
  for (size_t at = 9; at-- > 0; number /= 62)
    digits[at] = kDigits[static_cast<size_t>(number % 62)];
  std::string id = "0065e0" + digits;
  for (size_t part = 0; part < 3; ++part) {
    size_t capitals = 0;
    for (size_t i = 0; i < 5; ++i) {
      const char c = id[part * 5 + i];
      if (c >= 'A' && c <= 'Z') capitals |= size_t{1} << i;
    }
    id += "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[capitals];
  }
  return id;
}

struct Pace {
  std::map<std::string, int64_t> values = {
      {"keys", 1'000'000}, {"commits", 60}, {"interval_ms", 1000}, {"whole", 50'000},
      {"partial", 0},      {"skew", 1},     {"cache_mb", 64},      {"seed", 1},
      {"format", 2},       {"changelog", 0}};
  int64_t operator[](const char* name) const { return values.at(name); }
};

class Changes {
 public:
  Changes(BatchPtr pool, const Pace& pace)
      : pool_(std::move(pool)), pace_(pace), random_(static_cast<uint64_t>(pace["seed"])) {}

  // Rows of the pool under other Ids.
  BatchPtr Whole(int64_t rows) {
    arrow::ArrayVector columns;
    const int64_t first = rows >= pool_->num_rows() ? 0 : Below(pool_->num_rows() - rows);
    for (int i = 0; i < pool_->num_columns(); ++i) {
      const bool id = pool_->column_name(i) == "Id";
      columns.push_back(id ? Ids(rows) : pool_->column(i)->Slice(first, rows));
    }
    return arrow::RecordBatch::Make(pool_->schema(), rows, std::move(columns));
  }

  BatchPtr Partial(int64_t rows) {
    const int64_t first = rows >= pool_->num_rows() ? 0 : Below(pool_->num_rows() - rows);
    arrow::ArrayVector columns{Ids(rows)};
    arrow::FieldVector fields{pool_->schema()->GetFieldByName("Id")};
    for (const char* name : {"StageName", "Amount", "LastModifiedDate"}) {
      fields.push_back(pool_->schema()->GetFieldByName(name));
      columns.push_back(pool_->GetColumnByName(name)->Slice(first, rows));
    }
    return arrow::RecordBatch::Make(arrow::schema(fields), rows, std::move(columns));
  }

 private:
  int64_t Below(int64_t bound) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(bound));
  }
  std::shared_ptr<arrow::Array> Ids(int64_t rows) {
    arrow::StringBuilder builder;
    const int64_t keys = pace_["keys"];
    for (int64_t i = 0; i < rows; ++i) {
      const bool hot = pace_["skew"] != 0 && Below(5) != 0;
      // Hot keys lie all over the table.
      const int64_t key = hot ? Below(keys / 5) * 5 : Below(keys);
      (void)builder.Append(RecordId(key));
    }
    return builder.Finish().ValueOrDie();
  }

  BatchPtr pool_;
  const Pace& pace_;
  std::mt19937_64 random_;
};

struct Totals {
  std::vector<double> commit_seconds;
  double feed_seconds = 0;
  double late_seconds_max = 0;
  int64_t rows = 0;
  int64_t bytes_written = 0;
  int64_t rows_folded = 0;
  int64_t from_file = 0;
  int64_t from_cache = 0;
};

Result<void> OneRound(const Call& call, Merger& merger, Changes& changes, const Pace& pace,
                      Totals& totals) {
  std::vector<BatchPtr> whole;
  std::vector<BatchPtr> partial;
  for (int64_t left = pace["whole"]; left > 0; left -= kBatchRows)
    whole.push_back(changes.Whole(std::min(left, kBatchRows)));
  for (int64_t left = pace["partial"]; left > 0; left -= kBatchRows)
    partial.push_back(changes.Partial(std::min(left, kBatchRows)));
  const auto start = std::chrono::steady_clock::now();
  for (const BatchPtr& batch : whole) FIRN_CHECK(merger.Upsert(batch, {}));
  for (const BatchPtr& batch : partial) FIRN_CHECK(merger.Update(batch, {}));
  const auto fed = std::chrono::steady_clock::now();
  FIRN_TRY(const auto report, merger.Commit(call, {}));
  totals.feed_seconds += Seconds(fed - start).count();
  totals.commit_seconds.push_back(Seconds(std::chrono::steady_clock::now() - fed).count());
  totals.rows += report.changes;
  totals.bytes_written += report.bytes_written;
  totals.rows_folded += report.rows_folded;
  totals.from_file += report.rows_from_file;
  totals.from_cache += report.rows_from_cache;
  return {};
}

Result<BatchPtr> Pool(const Call& call, const firn::lake::Table& table) {
  FIRN_TRY(const auto reader,
           firn::lake::RowReader::Open(call, table, {.limit = 60'000, .batch_rows = 60'000}));
  arrow::RecordBatchVector batches;
  for (;;) {
    FIRN_TRY(BatchPtr batch, reader->Next(call));
    if (batch == nullptr) break;
    batches.push_back(std::move(batch));
  }
  return arrow::ConcatenateRecordBatches(batches).ValueOrDie();
}

Result<void> Run(const std::string& warehouse, const std::string& name, const Pace& pace) {
  const Call call;
  FIRN_TRY(const auto lake, firn::lake::Lake::Open({.warehouse = warehouse, .create = false}));
  firn::lake::MergeOptions options;
  FIRN_TRY(options.table, firn::lake::ParseTableIdent(name));
  options.row_cache_bytes = pace["cache_mb"] << 20;
  if (pace["changelog"] != 0) options.changelog = firn::lake::MergeOptions::Changelog::kOn;
  FIRN_TRY(const auto table,
           lake->SetProperties(call, options.table,
                               {{"format-version", std::to_string(pace["format"])}}));
  FIRN_TRY(BatchPtr pool, Pool(call, table));
  const auto opening = std::chrono::steady_clock::now();
  FIRN_TRY(const auto merger, Merger::Open(call, *lake, options));
  const double open_seconds = Seconds(std::chrono::steady_clock::now() - opening).count();
  Changes changes(std::move(pool), pace);
  Totals totals;
  const auto start = std::chrono::steady_clock::now();
  for (int64_t round = 0; round < pace["commits"]; ++round) {
    const auto due = start + round * std::chrono::milliseconds(pace["interval_ms"]);
    std::this_thread::sleep_until(due);
    totals.late_seconds_max =
        std::max(totals.late_seconds_max, Seconds(std::chrono::steady_clock::now() - due).count());
    FIRN_CHECK(OneRound(call, *merger, changes, pace, totals));
  }
  const double seconds = Seconds(std::chrono::steady_clock::now() - start).count();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto sorted = totals.commit_seconds;
  std::sort(sorted.begin(), sorted.end());
  const auto at = [&](double share) {
    return sorted[static_cast<size_t>(share * static_cast<double>(sorted.size() - 1))];
  };
  double busy = totals.feed_seconds;
  for (const double one : sorted) busy += one;
  const auto state = merger->state();
  fmt::print(
      R"({{"seconds":{:.2f},"merging_seconds":{:.3f},"open_seconds":{:.3f},"changes":{},)"
      R"("changes_per_second":{:.0f},"commits":{},"commit_p50_s":{:.4f},"commit_p99_s":{:.4f},)"
      R"("commit_max_s":{:.4f},"late_max_s":{:.3f},"bytes_written":{},"rows_folded":{},)"
      R"("rows_from_file":{},"rows_from_cache":{},"rows":{},"rows_dead":{},"data_files":{},)"
      R"("index_bytes_per_row":{:.1f},"index_peak_bytes_per_row":{:.1f},"cpu_seconds":{:.2f},)"
      R"("rss_peak_mib":{}}})"
      "\n",
      seconds, busy, open_seconds, totals.rows, static_cast<double>(totals.rows) / seconds,
      sorted.size(), at(0.5), at(0.99), sorted.back(), totals.late_seconds_max,
      totals.bytes_written, totals.rows_folded, totals.from_file, totals.from_cache, state.rows,
      state.rows_dead, state.data_files,
      static_cast<double>(state.index_bytes) /
          static_cast<double>(std::max<int64_t>(state.rows, 1)),
      static_cast<double>(state.index_bytes_peak) /
          static_cast<double>(std::max<int64_t>(state.rows, 1)),
      static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
          static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6,
      usage.ru_maxrss / 1024);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  Pace pace;
  if (argc < 3) {
    fmt::print(stderr, "usage: merge_driver WAREHOUSE NS.TABLE [name=value ..]\n");
    return 2;
  }
  for (int i = 3; i < argc; ++i) {
    const std::string word = argv[i];
    const size_t equals = word.find('=');
    if (equals == std::string::npos || !pace.values.contains(word.substr(0, equals))) {
      fmt::print(stderr, "merge_driver: `{}` is no setting\n", word);
      return 2;
    }
    pace.values[word.substr(0, equals)] = std::stoll(word.substr(equals + 1));
  }
  const auto done = Run(argv[1], argv[2], pace);
  if (done) return 0;
  fmt::print(stderr, "merge_driver: {}\n", done.error().OneLine());
  return 1;
}
