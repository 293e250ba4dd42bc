#include "sandbox/bulk/result_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace firn::sandbox {
namespace {

tl::unexpected<Error> Unusable(const std::string& path) {
  const bool full = errno == ENOSPC || errno == EDQUOT;
  return Fail(Error(full ? Kind::kLimitReached : Kind::kInternal, "SBX-BULK-004",
                    "a file of an ingest job cannot be read or written")
                  .At(path)
                  .Because(std::strerror(errno)));
}

}  // namespace

Result<ResultFile> ResultFile::Open(const std::string& path, uint64_t bytes) {
  Fd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.valid() || ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0) return Unusable(path);
  if (lseek(fd.get(), 0, SEEK_END) < 0) return Unusable(path);
  return ResultFile(std::move(fd), path, bytes);
}

Result<void> ResultFile::Flush() {
  if (buffer_.empty()) return {};
  for (size_t at = 0; at < buffer_.size();) {
    const ssize_t put = write(fd_.get(), buffer_.data() + at, buffer_.size() - at);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return Unusable(path_);
    at += static_cast<size_t>(put);
  }
  if (fdatasync(fd_.get()) != 0) return Unusable(path_);
  bytes_ += buffer_.size();
  buffer_.clear();
  return {};
}

Result<MappedFile> MappedFile::Open(const std::string& path) {
  const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info{};
  if (!fd.valid() || fstat(fd.get(), &info) != 0) return Unusable(path);
  const auto size = static_cast<size_t>(info.st_size);
  if (size == 0) return MappedFile(std::string_view());
  void* const at = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (at == MAP_FAILED) return Unusable(path);
  static_cast<void>(madvise(at, size, MADV_SEQUENTIAL));
  return MappedFile({static_cast<const char*>(at), size});
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

}  // namespace firn::sandbox
