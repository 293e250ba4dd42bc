// Which data files a merge writes again while it is at it, so that readers do not pay for its small
// files and dead rows. Internal to lake; pure.
//
// Two reasons: too many dead rows in all, worst large file first and the small ones with it, and
// too many small files of about one size (a tier: sizes within a factor of four). Over time no more
// than eight rows are written again for each changed one: what a commit does not use up of that is
// saved for a later one, so that a large file is folded seldom and small ones often. One commit
// writes no more than its limit again, however much was saved: of a larger file it takes the first
// rows, which are deleted there, and the next commits go on with it before any other.
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
  int64_t row_bytes = 0;  // of one row as it is packed there, about
};

// A file to fold: its first `rows` live rows; `rows_live` of them are all.
struct FoldPart {
  uint32_t ordinal = 0;
  int64_t rows = 0;
};

// What a commit does by itself.
struct FoldCommit {
  int64_t rows_written = 0;
  int64_t rows_deleted = 0;
  [[nodiscard]] int64_t rows() const { return rows_written + rows_deleted; }
};

class FoldPolicy {
 public:
  // `rows_max`: what a commit may write again; up to twice as many when that is no more than
  // eight for each row it changes. Rows of more than 128 bytes count for several.
  explicit FoldPolicy(int64_t rows_max) : rows_max_(rows_max) {}
  // Each dead row of the table stands for a change that was not made up for yet.
  void Begin(int64_t rows_dead) { Spend({0, rows_dead}, 0); }
  // `files`: those that stay as the commit is. Returns what to fold. The allowance is used up by
  // Spend only, once the commit is true.
  [[nodiscard]] std::vector<FoldPart> Choose(std::vector<FoldFile> files,
                                             const FoldCommit& commit) const;
  void Spend(const FoldCommit& commit, int64_t rows_folded);
  // The most that Choose has a commit fold.
  [[nodiscard]] int64_t RowsMax(const FoldCommit& commit) const;

 private:
  int64_t rows_max_;
  int64_t saved_ = 0;  // rows that may be written again
};

}  // namespace firn::lake
