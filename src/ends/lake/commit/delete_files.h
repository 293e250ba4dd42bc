// Delete files: which rows of a data file are gone, beside the file instead of in it.
//
// A table of version 3 gets deletion vectors, all of a commit in one Puffin file; of version 2
// position delete files, at most one live one for each data file: old
// positions are merged with new ones and the old delete file is replaced in the same commit, since
// every further one costs each reader an opening. Functions on values; any thread.
// Source: Iceberg spec, "Position Delete Files", read 2026-11.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ends/lake/commit/row_delta.h"

namespace firn::lake {

// A delete file of another writer that takes rows out by their values.
struct EqualityDelete {
  DataFile file;
  int64_t sequence_number = 0;
};
// A live data file with the delete files that hold for it.
struct LiveFile {
  DataFile file;
  int64_t sequence_number = 0;
  std::vector<DataFile> deletes;         // by position
  std::vector<EqualityDelete> equality;  // by value
};
// Those of a snapshot (the current one by default), in no order. Errors: NotFound
// (LAKE-SNAPSHOT-001), Corrupt naming the file.
[[nodiscard]] Result<std::vector<LiveFile>> LiveFiles(const Call& call, const Table& table,
                                                      std::optional<int64_t> snapshot = {});

// Positions of a data file's rows, from 0, that one delete file holds; sorted. Errors: Corrupt
// (LAKE-READ-001) naming the delete file; Unsupported (LAKE-READ-002) for equality deletes.
[[nodiscard]] Result<std::vector<int64_t>> ReadDeletes(const Call& call, ObjectStore& store,
                                                       const DataFile& deletes,
                                                       const std::string& data_path);

// Positions of a data file's rows that are gone by any of its deletes; sorted, each once. Equality
// deletes have the key's columns of the whole file read. Errors: those of ReadDeletes and of
// reading; LimitReached (LAKE-READ-003).
[[nodiscard]] Result<std::vector<int64_t>> DeadPositions(const Call& call, const Table& table,
                                                         const LiveFile& live);

// Rows to take out of one data file.
struct RowsOut {
  LiveFile live;
  std::vector<int64_t> positions;  // from 0; any order
  // `positions` hold those of `live.deletes` already, which then are not read.
  bool complete = false;
};
// Writes the delete files and puts them into `delta`, with those they replace. A data file that has
// no row left is taken out itself. Afterwards `positions` are sorted and complete. Errors: BadInput
// (LAKE-COMMIT-004) for a position beyond the file's rows; those of ReadDeletes and of writing.
[[nodiscard]] Result<void> TakeRowsOut(const Call& call, const Table& table,
                                       std::vector<RowsOut>& rows, RowDelta& delta);

}  // namespace firn::lake
