// Erase: one record out of everything that a table keeps: its current rows, the data files that
// still hold it though it was deleted, and the snapshots that go back to before.
//
// A delete only hides a row; personal data that must go has to leave the files. Files that hold the
// key are written again without it in one commit, and every snapshot as old as the last one that
// has it is let go with its files. Equality deletes of other writers that name the key are carried
// out on the way, so that their files can go. Where the table is partitioned a second commit
// follows, since the first one's manifests name the removed files with their partitions, which are
// values of their rows; then only the newest snapshot stays. Branches and tags are not touched:
// what they keep is told. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "ends/lake/table.h"

namespace firn::lake {

struct KeyTraces {
  bool visible = false;                   // a reader of the current state sees the row
  std::vector<std::string> live_files;    // data files of the current state that hold it
  std::vector<std::string> old_files;     // those that only older snapshots have
  std::vector<std::string> delete_files;  // live equality deletes of others that name the key
  // That have any of these files, or still name one as removed, with its bounds; oldest first.
  std::vector<int64_t> snapshots;
  std::vector<std::string> refs;          // branches and tags, not main, that keep such a snapshot
  std::vector<std::string> unused_files;  // on disk, in no snapshot
  // An erasure of any key was killed before the table's own rules for its history were back.
  bool rules_aside = false;
  [[nodiscard]] bool any() const {
    return !live_files.empty() || !delete_files.empty() || !old_files.empty() ||
           !unused_files.empty() || !snapshots.empty() || rules_aside;
  }
};
// Looks through every data file of every snapshot, and those that belong to none, by statistics and
// then by the key column. `column`: a text column. Errors: NotFound (LAKE-COLUMN-001), Unsupported
// (LAKE-ERASE-001) for a column of another type, Corrupt naming a damaged file.
[[nodiscard]] Result<KeyTraces> FindKey(const Call& call, const Table& table,
                                        const std::string& column, const std::string& key);

// How many snapshots each commit leaves; 0: maintenance decides.
[[nodiscard]] int64_t SnapshotsKept(const Table& table);

struct EraseReport {
  KeyTraces before;
  int64_t files_rewritten = 0;
  int64_t snapshots_expired = 0;
  KeyTraces after;  // what is left, and why it is: kept by a branch or tag
};
// Takes the key out. Safe to repeat. Errors: those of FindKey and of commits.
[[nodiscard]] Result<EraseReport> EraseKey(const Call& call, Lake& lake, const TableIdent& ident,
                                           const std::string& column, const std::string& key);

}  // namespace firn::lake
