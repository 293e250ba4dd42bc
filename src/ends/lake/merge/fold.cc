#include "ends/lake/merge/fold.h"

#include <algorithm>
#include <map>
#include <utility>

namespace firn::lake {
namespace {

// So many keep the dead rows of a table with uniform changes below a tenth of the live ones
// (docs/decisions/0062); half of them would let a quarter be dead at times.
constexpr int64_t kRowsAgainPerChange = 8;
constexpr int64_t kSavedRowsMax = 16'000'000;
// A larger file is begun when so many are saved: the rest comes in while it is worked on.
constexpr int64_t kSavedToBegin = kSavedRowsMax / 2;
// A commit of many changes takes long by itself: its limit is up to so many times the usual one.
constexpr int64_t kLargeCommit = 2;
constexpr int64_t kUsualRowBytes = 128;
// A tier is folded when it has so many files: each costs every reader an opening (DuckDB 1.5: half
// a millisecond).
constexpr size_t kTierFiles = 8;
// Files of more live rows than this, and than an eighth of the table, are no small files any more.
constexpr int64_t kSmallRowsMax = 256 * 1024;
constexpr int64_t kSmallShare = 8;
// Dead rows that readers may pass over, against live ones, in percent.
constexpr int64_t kDeadPercentMax = 5;
// A commit's limit against what nobody notices: dead rows or rows of a file, 4,096 as a rule.
constexpr int64_t kTraceShare = 256;

// 0 up to 1,024 rows, then one more for each factor of four.
int TierOf(int64_t rows) {
  int tier = 0;
  for (int64_t most = 1024; rows > most; most *= 4) ++tier;
  return tier;
}

// What a commit may still write again.
class Budget {
 public:
  explicit Budget(int64_t rows) : rows_(rows), bytes_(rows * kUsualRowBytes) {}

  // Rows of such a file that there is room for.
  [[nodiscard]] int64_t Room(const FoldFile& file) const {
    return std::min(rows_, bytes_ / std::max<int64_t>(file.row_bytes, 1));
  }
  void Take(const FoldFile& file, int64_t rows) {
    rows_ -= rows;
    bytes_ -= rows * file.row_bytes;
  }
  void Add(int64_t rows) {
    rows_ += rows;
    bytes_ += rows * kUsualRowBytes;
  }

 private:
  int64_t rows_;
  int64_t bytes_;
};

// Of two files that are small one commit can make one. A file that is mostly dead is no small one:
// it is the first to go.
bool IsSmall(const FoldFile& file, int64_t rows_small, const Budget& budget) {
  const int64_t most = std::min(rows_small, budget.Room(file) / 2);
  return file.rows_live <= most && file.rows_live + file.rows_dead <= 2 * most;
}

// Small files, smallest first, as far as there is room for them.
std::vector<FoldPart> WithinBudget(const std::vector<FoldFile>& smalls, Budget& budget) {
  std::vector<FoldPart> parts;
  for (const FoldFile& file : smalls) {
    if (file.rows_live > budget.Room(file)) break;
    budget.Take(file, file.rows_live);
    parts.push_back({file.ordinal, file.rows_live});
  }
  return parts;
}

int64_t RowsOf(const std::vector<FoldPart>& parts) {
  int64_t rows = 0;
  for (const FoldPart& part : parts) rows += part.rows;
  return rows;
}

// Small files of the tiers that are full, and of those below them: what comes of them may fill the
// next tier. `smalls`: smallest first.
std::vector<FoldPart> FullTiers(const std::vector<FoldFile>& smalls, int64_t rows_new,
                                int64_t rows_most, Budget budget) {
  std::map<int, size_t> tiers;
  if (rows_new > 0) ++tiers[TierOf(rows_new)];
  for (const FoldFile& file : smalls) ++tiers[TierOf(file.rows_live)];
  int highest = -1;
  for (const auto& [tier, count] : tiers) {
    if (count >= kTierFiles) highest = tier;
  }
  std::vector<FoldPart> chosen;
  for (const FoldFile& file : smalls) {
    if (TierOf(file.rows_live) > highest || file.rows_live > rows_most ||
        file.rows_live > budget.Room(file))
      continue;
    rows_most -= file.rows_live;
    budget.Take(file, file.rows_live);
    chosen.push_back({file.ordinal, file.rows_live});
  }
  return chosen;
}

// Most room won for each row written again comes first.
bool DeadsFirst(const FoldFile& a, const FoldFile& b) {
  return static_cast<double>(a.rows_dead) * static_cast<double>(b.rows_live + 1) >
         static_cast<double>(b.rows_dead) * static_cast<double>(a.rows_live + 1);
}

// Of a file for which there is no room the first of some equal parts: none is small then.
int64_t RowsToTake(const FoldFile& file, int64_t room) {
  if (room <= 0) return 0;
  const int64_t parts = (file.rows_live + room - 1) / room;
  return (file.rows_live + parts - 1) / parts;
}

}  // namespace

int64_t FoldPolicy::RowsMax(const FoldCommit& commit) const {
  return std::clamp(commit.rows() * kRowsAgainPerChange, rows_max_, rows_max_ * kLargeCommit);
}

std::vector<FoldPart> FoldPolicy::Choose(std::vector<FoldFile> files,
                                         const FoldCommit& commit) const {
  int64_t left = saved_ + commit.rows() * kRowsAgainPerChange;
  Budget budget(RowsMax(commit));
  int64_t live = commit.rows_written;
  int64_t dead = 0;
  for (const FoldFile& file : files) {
    live += file.rows_live;
    dead += file.rows_dead;
  }
  const int64_t trace = std::min(rows_max_ / kTraceShare, kSmallRowsMax);
  const int64_t small = std::clamp(live / kSmallShare, trace, kSmallRowsMax);
  const auto large = std::stable_partition(files.begin(), files.end(), [&](const FoldFile& file) {
    return IsSmall(file, small, budget);
  });
  std::vector<FoldFile> smalls(files.begin(), large);
  std::vector<FoldFile> rest(large, files.end());
  std::sort(smalls.begin(), smalls.end(),
            [](const FoldFile& a, const FoldFile& b) { return a.rows_live < b.rows_live; });
  std::sort(rest.begin(), rest.end(), DeadsFirst);

  // A large file that is written again takes the small ones along, for half of what a commit may
  // write: they cost nothing further then, where each tier they go through would have them written
  // once more.
  Budget half(RowsMax(commit) / 2);
  std::vector<FoldPart> chosen = WithinBudget(smalls, half);
  const size_t along = chosen.size();
  int64_t rows_along = RowsOf(chosen);
  Budget rest_of_it = half;
  rest_of_it.Add(RowsMax(commit) - RowsMax(commit) / 2);
  const int64_t dead_most = std::max(trace, live * kDeadPercentMax / 100);
  for (const FoldFile& file : rest) {
    // What is too much now is saved for.
    const int64_t needed = std::min(file.rows_live, kSavedToBegin) + std::exchange(rows_along, 0);
    if (file.rows_dead == 0 || dead < dead_most || needed > left) break;
    const int64_t rows = RowsToTake(file, rest_of_it.Room(file));
    if (rows == 0) break;
    chosen.push_back({file.ordinal, rows});
    if (rows < file.rows_live) break;
    rest_of_it.Take(file, rows);
    left -= needed;
    dead -= file.rows_dead;
  }
  if (chosen.size() > along) return chosen;
  return FullTiers(smalls, commit.rows_written, left, budget);
}

void FoldPolicy::Spend(const FoldCommit& commit, int64_t rows_folded) {
  saved_ = std::clamp<int64_t>(saved_ + commit.rows() * kRowsAgainPerChange - rows_folded, 0,
                               kSavedRowsMax);
}

}  // namespace firn::lake
