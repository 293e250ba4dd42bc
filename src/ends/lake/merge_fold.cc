#include "ends/lake/merge_fold.h"

#include <algorithm>
#include <map>

namespace firn::lake {
namespace {

constexpr int64_t kRowsAgainPerChange = 4;
constexpr int64_t kSavedRowsMax = 16'000'000;
// A tier is folded when it has so many files.
constexpr size_t kTierFiles = 4;
// Files of more live rows than this are no small files any more.
constexpr int64_t kTieredRowsMax = 256 * 1024;
// Dead rows that readers may pass over, against live ones, in percent: folding begins above the
// first and stops below the second.
constexpr int64_t kDeadPercentMax = 20;
constexpr int64_t kDeadPercentAfter = 16;
// Below this nobody notices.
constexpr int64_t kDeadRowsMin = 4096;

// 0 up to 1,024 rows, then one more for each factor of four.
int TierOf(int64_t rows) {
  int tier = 0;
  for (int64_t most = 1024; rows > most; most *= 4) ++tier;
  return tier;
}

}  // namespace

std::vector<FoldFile> FoldPolicy::Choose(std::vector<FoldFile> files, int64_t rows_new) const {
  int64_t left = saved_ + rows_new * kRowsAgainPerChange;
  std::vector<FoldFile> chosen;
  int64_t live = rows_new;
  int64_t dead = 0;
  for (const FoldFile& file : files) {
    live += file.rows_live;
    dead += file.rows_dead;
  }
  const auto take = [&](const FoldFile& file) {
    left -= file.rows_live;
    dead -= file.rows_dead;
    chosen.push_back(file);
  };

  // A full tier takes the smaller ones along; what comes of it may fill the next tier.
  std::sort(files.begin(), files.end(),
            [](const FoldFile& a, const FoldFile& b) { return a.rows_live < b.rows_live; });
  std::map<int, size_t> tiers;
  if (rows_new > 0) ++tiers[TierOf(rows_new)];
  for (const FoldFile& file : files) {
    if (file.rows_live <= kTieredRowsMax) ++tiers[TierOf(file.rows_live)];
  }
  int highest = -1;
  for (const auto& [tier, count] : tiers) {
    if (count >= kTierFiles) highest = tier;
  }
  std::vector<FoldFile> rest;
  for (const FoldFile& file : files) {
    const bool small = file.rows_live <= kTieredRowsMax && TierOf(file.rows_live) <= highest;
    if (small && file.rows_live <= left) {
      take(file);
    } else {
      rest.push_back(file);
    }
  }

  if (dead < kDeadRowsMin || dead * 100 < live * kDeadPercentMax) return chosen;
  // Most room won for each row written again.
  std::sort(rest.begin(), rest.end(), [](const FoldFile& a, const FoldFile& b) {
    return static_cast<double>(a.rows_dead) * static_cast<double>(b.rows_live + 1) >
           static_cast<double>(b.rows_dead) * static_cast<double>(a.rows_live + 1);
  });
  for (const FoldFile& file : rest) {
    if (file.rows_dead == 0 || dead * 100 < live * kDeadPercentAfter) break;
    if (file.rows_live > left) break;  // saved for
    take(file);
  }
  return chosen;
}

void FoldPolicy::Spend(int64_t rows_new, int64_t rows_folded) {
  saved_ =
      std::clamp<int64_t>(saved_ + rows_new * kRowsAgainPerChange - rows_folded, 0, kSavedRowsMax);
}

}  // namespace firn::lake
