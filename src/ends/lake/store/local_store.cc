#include <arrow/io/file.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

#include "core/base/file.h"
#include "ends/lake/store/object_store.h"

namespace firn::lake {
namespace {

tl::unexpected<Error> BadName(std::string_view uri, std::string why) {
  return Fail(Error(Kind::kBadInput, "LAKE-STORE-001",
                    "`" + std::string(uri.substr(0, 512)) + "` is no usable file name")
                  .Because(std::move(why)));
}

// The first error a missing file gives should say that it is the table's, not just a path.
Error Missing(const std::string& uri) {
  return Error(Kind::kNotFound, "LAKE-STORE-002", "the file `" + uri + "` is missing")
      .At(uri)
      .Because("the table refers to it, but it is not there");
}

class LocalFolder final : public ObjectStore {
 public:
  explicit LocalFolder(std::vector<std::string> roots) : roots_(std::move(roots)) {
    for (std::string& root : roots_) {
      while (root.size() > 1 && root.ends_with('/')) root.pop_back();
    }
  }

  Result<std::string> Read(const Call& call, const std::string& uri, uint64_t bytes_max) override {
    FIRN_CHECK(call.Check());
    FIRN_TRY(const std::string path, Within(uri));
    if (!FileExists(path)) return Fail(Missing(uri));
    return ReadFile(path, bytes_max);
  }

  Result<void> Write(const Call& call, const std::string& uri, std::string_view bytes) override {
    FIRN_CHECK(call.Check());
    FIRN_TRY(const std::string path, Within(uri));
    if (FileExists(path))
      return Fail(
          Error(Kind::kConflict, "LAKE-STORE-003", "the file `" + uri + "` exists").At(uri));
    FIRN_CHECK(MakeFolders(path.substr(0, path.rfind('/'))));
    FIRN_TRY(const auto writer, FileWriter::Create(path));
    FIRN_CHECK(writer->Append(bytes));
    return writer->Commit();
  }

  Result<void> Settle(const Call& call, const std::vector<std::string>& uris) override {
    FIRN_CHECK(call.Check());
    std::set<std::string> folders;
    for (const std::string& uri : uris) {
      FIRN_TRY(const std::string path, Within(uri));
      if (folders.insert(path.substr(0, path.rfind('/'))).second) FIRN_CHECK(SyncFolderOf(path));
    }
    return {};
  }

  Result<int64_t> Size(const Call& call, const std::string& uri) override {
    FIRN_CHECK(call.Check());
    FIRN_TRY(const std::string path, Within(uri));
    if (!FileExists(path)) return Fail(Missing(uri));
    FIRN_TRY(const uint64_t bytes, FileSize(path));
    return static_cast<int64_t>(bytes);
  }

  Result<void> Remove(const Call& call, const std::string& uri) override {
    FIRN_CHECK(call.Check());
    FIRN_TRY(const std::string path, Within(uri));
    return RemoveFile(path);
  }

  Result<void> List(const Call& call, const std::string& uri,
                    const std::function<Result<void>(const ObjectInfo&)>& each) override {
    FIRN_TRY(const std::string path, Within(uri));
    return Walk(call, path, each, 0);
  }

  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenInput(const Call& call,
                                                                 const std::string& uri) override {
    FIRN_CHECK(call.Check());
    FIRN_TRY(const std::string path, Within(uri));
    if (!FileExists(path)) return Fail(Missing(uri));
    auto file = arrow::io::ReadableFile::Open(path);
    if (!file.ok())
      return Fail(Error(Kind::kDenied, "LAKE-STORE-004", "the file `" + uri + "` cannot be opened")
                      .At(uri)
                      .Because(file.status().message()));
    return std::shared_ptr<arrow::io::RandomAccessFile>(*std::move(file));
  }

 private:
  Result<std::string> Within(const std::string& uri) const {
    FIRN_TRY(std::string path, LocalPath(uri));
    const bool inside = std::any_of(roots_.begin(), roots_.end(), [&](const std::string& root) {
      return root == "/" || path == root || (path.starts_with(root) && path[root.size()] == '/');
    });
    if (!inside)
      return Fail(Error(Kind::kDenied, "LAKE-STORE-001",
                        "the file `" + uri + "` lies outside the warehouse")
                      .At(uri)
                      .Because("the warehouse is `" + roots_.front() + "`")
                      .Hint("open the folder that holds both as the warehouse"));
    return path;
  }

  Result<void> Walk(const Call& call, const std::string& folder,
                    const std::function<Result<void>(const ObjectInfo&)>& each, int depth) const {
    FIRN_CHECK(call.Check());
    constexpr int kDepthMax = 32;
    if (depth > kDepthMax || !FileExists(folder)) return {};
    FIRN_TRY(const auto names, ListFolder(folder));
    for (const std::string& name : names) {
      const std::string path = folder + "/" + name;
      struct stat info{};
      // lstat: links are not followed out of the table.
      if (lstat(path.c_str(), &info) != 0) continue;
      if (S_ISDIR(info.st_mode)) {
        FIRN_CHECK(Walk(call, path, each, depth + 1));
      } else {
        const int64_t modified_ms = info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1'000'000;
        FIRN_CHECK(each({FileUri(path), info.st_size, modified_ms}));
      }
    }
    return {};
  }

  std::vector<std::string> roots_;  // the warehouse first
};

}  // namespace

std::shared_ptr<ObjectStore> LocalStore(std::string root) {
  return LocalStore(std::vector<std::string>{std::move(root)});
}

std::shared_ptr<ObjectStore> LocalStore(std::vector<std::string> roots) {
  FIRN_ASSERT(!roots.empty());
  return std::make_shared<LocalFolder>(std::move(roots));
}

Result<std::string> LocalPath(std::string_view uri) {
  std::string_view path = uri;
  if (path.starts_with("file://")) {
    path.remove_prefix(7);
  } else if (path.starts_with("file:")) {
    path.remove_prefix(5);
  }
  if (!path.starts_with('/')) {
    return BadName(uri, uri.find("://") == std::string_view::npos
                            ? "it is not absolute"
                            : "only the local file system (`file:///`) can be read here");
  }
  for (const char c : path) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      return BadName("", "it holds a control character");
  }
  std::string out;
  size_t at = 0;
  while (at < path.size()) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    if (part == "." || part == "..") return BadName(uri, "it holds `.` or `..` as a part");
    if (!part.empty()) out.append("/").append(part);
    at = end + 1;
  }
  return out.empty() ? std::string("/") : out;
}

std::string FileUri(std::string_view path) { return "file://" + std::string(path); }

}  // namespace firn::lake
