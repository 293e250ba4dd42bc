// Deletion vectors: the deleted positions of one data file as a blob of a Puffin file (format
// version 3). Pure; any thread. Source: Iceberg Puffin spec, "File structure", "FileMetadata",
// "deletion-vector-v1 blob type", read 2026-11.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace firn::lake {

// Length, magic, bitmap and checksum. `positions`: sorted, each once, not negative.
[[nodiscard]] std::string WriteDeletionVector(const std::vector<int64_t>& positions);
// `cardinality`: of positions, as its manifest says. Errors: Corrupt (LAKE-DV-001) saying what.
[[nodiscard]] Result<std::vector<int64_t>> ReadDeletionVector(std::string_view blob,
                                                              int64_t cardinality);

// A Puffin file of deletion vectors, one a data file.
class PuffinWriter {
 public:
  struct Blob {
    int64_t offset = 0;
    int64_t length = 0;
  };
  PuffinWriter();
  // Where the vector of that data file will stand.
  Blob Add(const std::string& data_path, const std::vector<int64_t>& positions);
  // The file's bytes. The writer is used up.
  [[nodiscard]] std::string Finish();

 private:
  std::string bytes_;
  std::string blobs_json_;
};

}  // namespace firn::lake
