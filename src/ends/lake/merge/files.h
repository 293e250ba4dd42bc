// MergeFiles: the live data files of a table as a merge knows them, each with a number of its own
// and the rows of it that are gone, and the key index kept in step with them. Internal to lake.
//
// Own commits are entered as they happen; what others did is found by comparing file lists, and
// only files that are new are read again, and of them only the key column. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "ends/lake/commit/delete_files.h"
#include "ends/lake/merge/key.h"
#include "ends/lake/merge/key_index.h"
#include "ends/lake/merge/row_bits.h"
#include "ends/lake/table.h"

namespace firn::lake {

struct MergeFile {
  bool live = false;  // false: the number is free
  LiveFile entry;
  RowBits dead;
  bool dead_known = true;  // false: from an index file, not read yet
  [[nodiscard]] int64_t rows_live() const { return entry.file.record_count - dead.count(); }
};

// Further rows with a key that the index has elsewhere: another writer's doing.
using DuplicateRows = std::unordered_multimap<MergeKey, RowPlace, MergeKeyHash>;

class MergeFiles {
 public:
  MergeFiles(std::string key_column, HashSeed seed)
      : key_column_(std::move(key_column)), seed_(seed) {}

  // Brings files, index and duplicates up to the table's current snapshot. Errors: BadInput
  // (LAKE-MERGE-002) for too many duplicates, Unsupported for a data file of 2^32 rows; those of
  // reading.
  Result<void> Follow(const Call& call, const Table& table);
  // What the last Follow had to do.
  struct Followed {
    int64_t files_removed = 0;
    int64_t files_scanned = 0;
    int64_t rows_scanned = 0;
  };
  [[nodiscard]] const Followed& followed() const { return followed_; }

  // A file of an own commit; its rows are entered into the index by the caller.
  uint32_t Add(LiveFile entry);
  void Remove(uint32_t ordinal);

  [[nodiscard]] const std::vector<MergeFile>& all() const { return files_; }
  [[nodiscard]] MergeFile& at(uint32_t ordinal) { return files_[ordinal]; }
  [[nodiscard]] const MergeFile& at(uint32_t ordinal) const { return files_[ordinal]; }
  [[nodiscard]] KeyIndex& index() { return index_; }
  [[nodiscard]] const KeyIndex& index() const { return index_; }
  [[nodiscard]] DuplicateRows& duplicates() { return duplicates_; }
  [[nodiscard]] const DuplicateRows& duplicates() const { return duplicates_; }
  [[nodiscard]] const HashSeed& seed() const { return seed_; }
  // What an index file said; the next Follow compares it with the table.
  void Restore(const HashSeed& seed, std::vector<MergeFile> files, KeyIndex index);

 private:
  struct Changes;
  Result<Changes> Compare(const Call& call, const Table& table, std::vector<LiveFile> now);
  void EraseGone(const Changes& changes);
  void AddMiscounted(Changes& changes);
  Result<void> Scan(const Call& call, const Table& table, uint32_t ordinal);
  // The keys of rows `first` and after of a file.
  Result<void> EnterBatch(const arrow::Array& keys, uint32_t ordinal, uint32_t first);
  Result<void> Enter(const MergeKey& key, RowPlace place);

  std::string key_column_;
  HashSeed seed_;
  std::vector<MergeFile> files_;
  std::vector<uint32_t> free_;
  std::unordered_map<std::string, uint32_t> by_path_;
  KeyIndex index_;
  DuplicateRows duplicates_;
  Followed followed_;
};

}  // namespace firn::lake
