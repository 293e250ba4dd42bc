// Which data files a merge writes again while it is at it, so that readers do not pay for its small
// files and dead rows. Internal to lake; pure.
//
// Two reasons: too many dead rows in all, worst large file first and every small one with it, and
// too many small files of about one size (a tier: sizes within a factor of four). Over time no more
// than eight rows are written again for each changed one: what a commit does not use up of that is
// saved for a later one, so that a large file is folded seldom and small ones often.
// Source of the second: Rosenblum and Ousterhout, "The Design and Implementation of a
// Log-Structured File System", 1992 (cleaning by how much of a segment is live).
#pragma once

#include <cstdint>
#include <vector>

namespace firn::lake {

struct FoldFile {
  uint32_t ordinal = 0;
  int64_t rows_live = 0;
  int64_t rows_dead = 0;
};

class FoldPolicy {
 public:
  // Each dead row of the table stands for a change that was not made up for yet.
  explicit FoldPolicy(int64_t rows_dead = 0) { Spend(rows_dead, 0); }
  // `files`: those that stay as the commit is; `rows_new`: of the file it writes. Returns the files
  // to fold. The allowance is used up by Spend only, once the commit is true.
  [[nodiscard]] std::vector<FoldFile> Choose(std::vector<FoldFile> files, int64_t rows_new) const;
  void Spend(int64_t rows_new, int64_t rows_folded);

 private:
  int64_t saved_ = 0;  // rows that may be written again
};

}  // namespace firn::lake
