// KeyCheck: whether every row has a key of its own, for any number of rows: fingerprints of the
// keys are spilled to files and compared part by part. Internal to lake; one thread.
//
// Memory: a buffer a part, and one part at the end (24 bytes a row, shared out over 64 parts).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/base/file.h"

namespace firn::lake {

class KeyCheck {
 public:
  // `folder`: where the parts are written (0600); they go with the object.
  explicit KeyCheck(std::string folder) : folder_(std::move(folder)) {}
  ~KeyCheck();
  KeyCheck(const KeyCheck&) = delete;
  KeyCheck& operator=(const KeyCheck&) = delete;

  // `key`: the row's key cells, told apart by whoever put them together. Errors: those of the disk.
  [[nodiscard]] Result<void> Add(std::string_view key, int64_t row);

  struct Twins {
    int64_t rows = 0;   // that have a key which an earlier row has
    int64_t first = 0;  // two rows of one key
    int64_t second = 0;
  };
  // Errors: those of the disk.
  [[nodiscard]] Result<Twins> Finish();

 private:
  static constexpr size_t kParts = 64;
  [[nodiscard]] Result<void> Flush(size_t part);
  [[nodiscard]] std::string PathOf(size_t part) const;

  std::string folder_;
  std::array<std::string, kParts> buffers_;
  std::array<std::unique_ptr<FileWriter>, kParts> files_;
};

}  // namespace firn::lake
