// Files whose bytes are on the disk when the call returns. Everything durable goes through here, so
// that one test environment can drop what was not synced.
//
// Errors are of kind NotFound, Denied, LimitReached (disk full, BASE-FILE-003) or Corrupt, and name
// the path. Free functions may be called from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.h"

namespace firn {

// Owns a file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd();
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// The whole file. Errors: NotFound; LimitReached when it is larger than `bytes_max`.
[[nodiscard]] Result<std::string> ReadFile(const std::string& path,
                                           uint64_t bytes_max = 1ULL << 30);
// Writes under a temporary name, syncs, renames, syncs the folder: afterwards the file is there
// whole or not at all, whatever stops. `mode` as chmod(2).
[[nodiscard]] Result<void> WriteFileDurably(const std::string& path, std::string_view bytes,
                                            unsigned mode = 0644);
// fsync of a file's descriptor, and of the folder that holds `path`.
[[nodiscard]] Result<void> SyncFd(int fd, const std::string& path);
[[nodiscard]] Result<void> SyncFolderOf(const std::string& path);
// mkdir -p, each made folder synced into its parent.
[[nodiscard]] Result<void> MakeFolders(const std::string& path, unsigned mode = 0755);
[[nodiscard]] Result<void> RemoveFile(const std::string& path);  // a missing file is fine
[[nodiscard]] bool FileExists(const std::string& path);
[[nodiscard]] Result<uint64_t> FileSize(const std::string& path);
// Names (not paths) in a folder, sorted, without `.` and `..`.
[[nodiscard]] Result<std::vector<std::string>> ListFolder(const std::string& path);
// Free bytes of the file system that holds `path`.
[[nodiscard]] Result<uint64_t> FreeBytes(const std::string& path);
// True for nfs, smb, fuse network kinds: state and catalog files are refused there.
[[nodiscard]] Result<bool> IsNetworkFileSystem(const std::string& path);

// An exclusive lock on a file (flock), held while the object lives; the holder's pid and command
// are written into it. Errors: Conflict (BASE-LOCK-001) naming the holder.
class FileLock {
 public:
  [[nodiscard]] static Result<FileLock> Take(const std::string& path, std::string_view purpose);

 private:
  explicit FileLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

// Appends to a file under its final or a temporary name; Commit() syncs it. Not thread-safe.
class FileWriter {
 public:
  [[nodiscard]] static Result<std::unique_ptr<FileWriter>> Create(const std::string& path,
                                                                  unsigned mode = 0644);
  [[nodiscard]] Result<void> Append(std::string_view bytes);
  [[nodiscard]] uint64_t bytes_written() const { return bytes_; }
  // fsync and close. The folder is synced by the caller once, with SyncFolderOf.
  [[nodiscard]] Result<void> Commit();

 private:
  FileWriter(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Fd fd_;
  std::string path_;
  uint64_t bytes_ = 0;
};

}  // namespace firn
