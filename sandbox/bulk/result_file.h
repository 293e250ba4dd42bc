// A result file of an ingest job: rows are appended, and what was appended after the last commit of
// the org is cut off again when the job goes on. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/base/file.h"

namespace firn::sandbox {

class ResultFile {
 public:
  // Opens (or makes, mode 0600) the file and cuts it to `bytes`. Errors: as in core/base/file.h.
  [[nodiscard]] static Result<ResultFile> Open(const std::string& path, uint64_t bytes);
  [[nodiscard]] std::string& buffer() { return buffer_; }
  // Writes the buffer and syncs; bytes() counts it then.
  [[nodiscard]] Result<void> Flush();
  [[nodiscard]] uint64_t bytes() const { return bytes_; }

 private:
  ResultFile(Fd fd, std::string path, uint64_t bytes)
      : fd_(std::move(fd)), path_(std::move(path)), bytes_(bytes) {}
  Fd fd_;
  std::string path_;
  uint64_t bytes_;
  std::string buffer_;
};

// The bytes of a file, mapped while the object lives.
class MappedFile {
 public:
  [[nodiscard]] static Result<MappedFile> Open(const std::string& path);
  MappedFile(MappedFile&& other) noexcept
      : bytes_(std::exchange(other.bytes_, std::string_view())) {}
  MappedFile& operator=(MappedFile&&) = delete;
  ~MappedFile();
  [[nodiscard]] std::string_view bytes() const { return bytes_; }

 private:
  explicit MappedFile(std::string_view bytes) : bytes_(bytes) {}
  std::string_view bytes_;
};

}  // namespace firn::sandbox
