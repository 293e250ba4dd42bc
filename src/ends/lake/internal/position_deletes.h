// Position deletes of a snapshot: which rows of a data file are gone (Iceberg spec, "Position
// Delete Files"). Memory: the entries, and the positions of the one data file that is asked about.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "ends/lake/data_file.h"
#include "ends/lake/object_store.h"

namespace firn::lake::internal {

class PositionDeletes {
 public:
  // Errors: Unsupported (LAKE-READ-002) for equality deletes and deletion vectors.
  Result<void> Add(DataFile file, int64_t sequence_number);
  // Sorted positions, counted from 0 through the whole file. A delete file holds for data files of
  // its own or an older sequence number.
  Result<std::vector<int64_t>> PositionsFor(const Call& call, ObjectStore& store,
                                            const std::string& data_path,
                                            int64_t data_sequence_number) const;

 private:
  struct Entry {
    DataFile file;
    int64_t sequence_number = 0;
  };
  std::vector<Entry> entries_;
};

}  // namespace firn::lake::internal
