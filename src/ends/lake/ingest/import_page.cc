#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/file.h"
#include "ends/lake/ingest/import_parts.h"

namespace firn::lake {
namespace {

// A file on disk, read straight into the decoder's block.
class FileStream final : public net::BodyStream {
 public:
  static Result<std::unique_ptr<net::BodyStream>> Open(const std::string& path,
                                                       std::function<void(int64_t)> on_bytes) {
    Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid()) {
      const Kind kind = errno == ENOENT ? Kind::kNotFound : Kind::kDenied;
      return Fail(Error(kind, "LAKE-IMPORT-001", "the page cannot be opened")
                      .At(path)
                      .Because(std::strerror(errno)));
    }
    posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    return std::make_unique<FileStream>(std::move(fd), path, std::move(on_bytes));
  }
  FileStream(Fd fd, std::string path, std::function<void(int64_t)> on_bytes)
      : fd_(std::move(fd)), path_(std::move(path)), on_bytes_(std::move(on_bytes)) {}

  Result<std::string> Read(size_t bytes_max) override {
    std::string piece(bytes_max, '\0');
    FIRN_TRY(const size_t bytes, ReadInto(piece.data(), bytes_max));
    piece.resize(bytes);
    return piece;
  }
  Result<size_t> ReadInto(char* into, size_t bytes_max) override {
    for (;;) {
      const ssize_t bytes = read(fd_.get(), into, bytes_max);
      if (bytes >= 0) {
        if (on_bytes_) on_bytes_(bytes);
        return static_cast<size_t>(bytes);
      }
      if (errno == EINTR) continue;
      return Fail(Error(Kind::kUnreachable, "LAKE-IMPORT-001", "the page cannot be read")
                      .At(path_)
                      .Because(std::strerror(errno)));
    }
  }

 private:
  Fd fd_;
  std::string path_;
  std::function<void(int64_t)> on_bytes_;
};

}  // namespace

Result<std::unique_ptr<net::BodyStream>> OpenPage(const std::string& path,
                                                  std::function<void(int64_t bytes)> on_bytes) {
  return FileStream::Open(path, std::move(on_bytes));
}

}  // namespace firn::lake
