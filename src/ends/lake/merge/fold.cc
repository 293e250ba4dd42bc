#include "ends/lake/merge/fold.h"

#include <algorithm>
#include <map>

namespace firn::lake {
namespace {

// So many keep the dead rows of a table with uniform changes below a tenth of the live ones
// (docs/decisions/0062); half of them would let a quarter be dead at times.
constexpr int64_t kRowsAgainPerChange = 8;
constexpr int64_t kSavedRowsMax = 16'000'000;
// A tier is folded when it has so many files: each costs every reader an opening (DuckDB 1.5: half
// a millisecond).
constexpr size_t kTierFiles = 8;
// Files of more live rows than this, and than an eighth of the table, are no small files any more.
constexpr int64_t kSmallRowsMax = 256 * 1024;
constexpr int64_t kSmallRowsMin = 4096;
constexpr int64_t kSmallShare = 8;
// Dead rows that readers may pass over, against live ones, in percent.
constexpr int64_t kDeadPercentMax = 5;
// Below this nobody notices.
constexpr int64_t kDeadRowsMin = 4096;

// 0 up to 1,024 rows, then one more for each factor of four.
int TierOf(int64_t rows) {
  int tier = 0;
  for (int64_t most = 1024; rows > most; most *= 4) ++tier;
  return tier;
}

int64_t LiveOf(const std::vector<FoldFile>& files) {
  int64_t rows = 0;
  for (const FoldFile& file : files) rows += file.rows_live;
  return rows;
}

// Small files of the tiers that are full, and of those below them: what comes of them may fill the
// next tier. `smalls`: smallest first.
std::vector<FoldFile> FullTiers(const std::vector<FoldFile>& smalls, int64_t rows_new,
                                int64_t rows_most) {
  std::map<int, size_t> tiers;
  if (rows_new > 0) ++tiers[TierOf(rows_new)];
  for (const FoldFile& file : smalls) ++tiers[TierOf(file.rows_live)];
  int highest = -1;
  for (const auto& [tier, count] : tiers) {
    if (count >= kTierFiles) highest = tier;
  }
  std::vector<FoldFile> chosen;
  for (const FoldFile& file : smalls) {
    if (TierOf(file.rows_live) > highest || file.rows_live > rows_most) continue;
    rows_most -= file.rows_live;
    chosen.push_back(file);
  }
  return chosen;
}

}  // namespace

std::vector<FoldFile> FoldPolicy::Choose(std::vector<FoldFile> files, int64_t rows_new) const {
  int64_t left = saved_ + rows_new * kRowsAgainPerChange;
  const int64_t live = rows_new + LiveOf(files);
  int64_t dead = 0;
  for (const FoldFile& file : files) dead += file.rows_dead;
  const int64_t small = std::clamp(live / kSmallShare, kSmallRowsMin, kSmallRowsMax);
  const auto large = std::stable_partition(
      files.begin(), files.end(), [small](const auto& file) { return file.rows_live <= small; });
  std::vector<FoldFile> smalls(files.begin(), large);
  std::vector<FoldFile> rest(large, files.end());
  std::sort(smalls.begin(), smalls.end(),
            [](const FoldFile& a, const FoldFile& b) { return a.rows_live < b.rows_live; });
  // Most room won for each row written again.
  std::sort(rest.begin(), rest.end(), [](const FoldFile& a, const FoldFile& b) {
    return static_cast<double>(a.rows_dead) * static_cast<double>(b.rows_live + 1) >
           static_cast<double>(b.rows_dead) * static_cast<double>(a.rows_live + 1);
  });

  // A large file that is written again takes all small ones along: they cost nothing further then,
  // where each tier they go through would have them written once more.
  std::vector<FoldFile> chosen;
  const int64_t dead_most = std::max(kDeadRowsMin, live * kDeadPercentMax / 100);
  for (const FoldFile& file : rest) {
    const int64_t rows = file.rows_live + (chosen.empty() ? LiveOf(smalls) : 0);
    // What is too much now is saved for.
    if (file.rows_dead == 0 || dead < dead_most || rows > left) break;
    if (chosen.empty()) chosen = smalls;
    chosen.push_back(file);
    left -= rows;
    dead -= file.rows_dead;
  }
  return chosen.empty() ? FullTiers(smalls, rows_new, left) : chosen;
}

void FoldPolicy::Spend(int64_t rows_new, int64_t rows_folded) {
  saved_ =
      std::clamp<int64_t>(saved_ + rows_new * kRowsAgainPerChange - rows_folded, 0, kSavedRowsMax);
}

}  // namespace firn::lake
