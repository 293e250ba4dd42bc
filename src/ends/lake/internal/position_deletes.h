// Position deletes of a snapshot: which rows of a data file are gone (Iceberg spec, "Position
// Delete Files"). Memory: the entries, and the positions of the one data file that is asked about.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "ends/lake/data_file.h"
#include "ends/lake/store/object_store.h"

namespace firn::lake::internal {

// Reserved field ids of a delete file's columns (spec, "Reserved Field IDs").
inline constexpr int kFilePathId = 2147483546;
inline constexpr int kPositionId = 2147483545;

// The only data file that a delete file names; nothing when there may be several.
[[nodiscard]] std::optional<std::string> OneDataFile(const DataFile& deletes);

class PositionDeletes {
 public:
  // Errors: Unsupported (LAKE-READ-002) for equality deletes and other formats.
  Result<void> Add(DataFile file, int64_t sequence_number);
  // The delete files that hold for a data file.
  std::vector<DataFile> FilesFor(const std::string& data_path, int64_t data_sequence_number) const;
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
  std::vector<const Entry*> EntriesFor(const std::string& data_path,
                                       int64_t data_sequence_number) const;

  std::map<std::string, std::vector<Entry>> of_one_file_;  // by the data file they name
  std::vector<Entry> of_many_;
};

}  // namespace firn::lake::internal
