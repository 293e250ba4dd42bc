#include "core/base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "core/base/fault_point.h"
#include "core/base/file_error.h"

namespace firn {
namespace {

std::string FolderOf(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> WriteAll(int fd, std::string_view bytes, const std::string& path) {
  if (internal::FaultPointFails("base.file.write")) return FileFailure("write", path, ENOSPC);
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return FileFailure("write", path, errno);
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

Result<void> WriteUnderName(const std::string& path, std::string_view bytes, unsigned mode) {
  const Fd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!fd.valid()) return FileFailure("create", path, errno);
  // open() applies the umask; what must be private or shared is said by the caller alone.
  if (fchmod(fd.get(), mode) != 0) return FileFailure("set the mode of", path, errno);
  FIRN_CHECK(WriteAll(fd.get(), bytes, path));
  return SyncFd(fd.get(), path);
}

Result<void> MakeOneFolder(const std::string& path, unsigned mode) {
  if (mkdir(path.c_str(), mode) == 0) return SyncFolderOf(path);
  const int error = errno;
  struct stat info{};
  if (error == EEXIST && stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return {};
  return FileFailure("make the folder", path, error);
}

std::string HolderOf(int fd) {
  std::string text(256, '\0');
  const ssize_t got = pread(fd, text.data(), text.size(), 0);
  text.resize(got > 0 ? static_cast<size_t>(got) : 0);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace

tl::unexpected<Error> FileFailure(std::string_view verb, const std::string& path, int error) {
  Kind kind = Kind::kCorrupt;
  std::string_view code = "BASE-FILE-004";
  std::string_view hint;
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      kind = Kind::kNotFound;
      code = "BASE-FILE-001";
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      kind = Kind::kDenied;
      code = "BASE-FILE-002";
      hint = "give the user that runs firn the right to it, or choose another folder";
      break;
    case ENOSPC:
    case EDQUOT:
      kind = Kind::kLimitReached;
      code = "BASE-FILE-003";
      hint = "make room on the disk";
      break;
    case EMFILE:
    case ENFILE:
    case EFBIG:
      kind = Kind::kLimitReached;
      code = "BASE-FILE-006";
      break;
    default:
      break;
  }
  Error failure(kind, code, "cannot " + std::string(verb) + " `" + path + "`");
  if (!hint.empty()) failure = std::move(failure).Hint(std::string(hint));
  return Fail(std::move(failure).Because(std::generic_category().message(error)));
}

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

Fd::~Fd() {
  if (fd_ >= 0) close(fd_);
}

Result<std::string> ReadFile(const std::string& path, uint64_t bytes_max) {
  const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return FileFailure("open", path, errno);
  struct stat info{};
  if (fstat(fd.get(), &info) != 0) return FileFailure("read", path, errno);
  std::string text;
  constexpr size_t kPiece = 64 << 10;
  const auto expected = static_cast<uint64_t>(std::max<off_t>(info.st_size, 0));
  text.resize(std::min(expected, bytes_max) + 1);
  size_t have = 0;
  while (true) {
    if (have == text.size()) text.resize(text.size() + kPiece);
    const ssize_t got = read(fd.get(), text.data() + have, text.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileFailure("read", path, errno);
    if (got == 0) break;
    have += static_cast<size_t>(got);
    if (have > bytes_max) {
      return Fail(Error(Kind::kLimitReached, "BASE-FILE-005", "`" + path + "` is too large")
                      .Because("more than " + std::to_string(bytes_max) + " bytes"));
    }
  }
  text.resize(have);
  return text;
}

Result<void> WriteFileDurably(const std::string& path, std::string_view bytes, unsigned mode) {
  static std::atomic<uint64_t> count{0};
  const std::string temporary =
      path + ".tmp-" + std::to_string(getpid()) + "-" + std::to_string(count.fetch_add(1));
  auto written = WriteUnderName(temporary, bytes, mode);
  if (!written) {
    unlink(temporary.c_str());
    return written;
  }
  FIRN_FAULT_POINT("base.file.before_rename");
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    unlink(temporary.c_str());
    return FileFailure("rename to", path, error);
  }
  FIRN_FAULT_POINT("base.file.after_rename");
  return SyncFolderOf(path);
}

Result<void> SyncFd(int fd, const std::string& path) {
  while (fsync(fd) != 0) {
    if (errno != EINTR) return FileFailure("sync", path, errno);
  }
  return {};
}

Result<void> SyncFolderOf(const std::string& path) {
  const std::string folder = FolderOf(path);
  const Fd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return FileFailure("open the folder", folder, errno);
  return SyncFd(fd.get(), folder);
}

Result<void> MakeFolders(const std::string& path, unsigned mode) {
  if (path.empty() || FileExists(path))
    return path.empty() ? Result<void>() : MakeOneFolder(path, mode);
  for (size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const std::string parent = path.substr(0, slash);
    if (!FileExists(parent)) FIRN_CHECK(MakeOneFolder(parent, mode));
  }
  return path.back() == '/' ? Result<void>() : MakeOneFolder(path, mode);
}

Result<void> RemoveFile(const std::string& path) {
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return FileFailure("remove", path, errno);
}

bool FileExists(const std::string& path) {
  struct stat info{};
  return stat(path.c_str(), &info) == 0;
}

Result<uint64_t> FileSize(const std::string& path) {
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) return FileFailure("look at", path, errno);
  return static_cast<uint64_t>(info.st_size);
}

Result<std::vector<std::string>> ListFolder(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(path.c_str()), closedir);
  if (!folder) return FileFailure("list", path, errno);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  if (errno != 0) return FileFailure("list", path, errno);
  std::sort(names.begin(), names.end());
  return names;
}

Result<uint64_t> FreeBytes(const std::string& path) {
  struct statvfs info{};
  if (statvfs(path.c_str(), &info) != 0) return FileFailure("look at", path, errno);
  return static_cast<uint64_t>(info.f_bavail) * info.f_frsize;
}

Result<FileLock> FileLock::Take(const std::string& path, std::string_view purpose) {
  Fd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd.valid()) return FileFailure("open", path, errno);
  while (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return FileFailure("lock", path, errno);
    const std::string holder = HolderOf(fd.get());
    return Fail(Error(Kind::kConflict, "BASE-LOCK-001", "`" + path + "` is locked")
                    .Because("held by " + (holder.empty() ? "another process" : holder)));
  }
  const std::string line = "pid " + std::to_string(getpid()) + " (" + std::string(purpose) + ")\n";
  if (ftruncate(fd.get(), 0) != 0 ||
      pwrite(fd.get(), line.data(), line.size(), 0) != static_cast<ssize_t>(line.size())) {
    return FileFailure("write", path, errno);
  }
  return FileLock(std::move(fd));
}

Result<std::unique_ptr<FileWriter>> FileWriter::Create(const std::string& path, unsigned mode) {
  Fd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
  if (!fd.valid()) return FileFailure("create", path, errno);
  if (fchmod(fd.get(), mode) != 0) return FileFailure("set the mode of", path, errno);
  return std::unique_ptr<FileWriter>(new FileWriter(std::move(fd), path));
}

Result<void> FileWriter::Append(std::string_view bytes) {
  FIRN_CHECK(WriteAll(fd_.get(), bytes, path_));
  bytes_ += bytes.size();
  return {};
}

Result<void> FileWriter::Commit() {
  FIRN_CHECK(SyncFd(fd_.get(), path_));
  fd_ = Fd();
  return {};
}

}  // namespace firn
