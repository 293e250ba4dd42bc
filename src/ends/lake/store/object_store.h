// ObjectStore: where a table's files lie. Small whole objects (metadata, manifests) are read and
// written through it; data files are opened for random reading.
//
// Objects are named by URI. An object is written once, under a name of its own, and never changed.
// Implementations may be used from any thread. LocalStore: a folder of this machine's file system.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"

namespace arrow::io {
class RandomAccessFile;
}

namespace firn::lake {

struct ObjectInfo {
  std::string uri;
  int64_t bytes = 0;
  int64_t modified_ms = 0;
};

class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  // The whole object. Errors: NotFound (LAKE-STORE-002) naming it; LimitReached above `bytes_max`;
  // BadInput or Denied (LAKE-STORE-001) for a name that leaves the store.
  [[nodiscard]] virtual Result<std::string> Read(const Call& call, const std::string& uri,
                                                 uint64_t bytes_max = 1ULL << 30) = 0;
  // Writes a new object. Its bytes are durable when this returns, its name once Settle() has.
  // Errors: Conflict (LAKE-STORE-003) when it exists; LimitReached when the disk is full.
  [[nodiscard]] virtual Result<void> Write(const Call& call, const std::string& uri,
                                           std::string_view bytes) = 0;
  // Makes the names of these objects durable (folders synced).
  [[nodiscard]] virtual Result<void> Settle(const Call& call,
                                            const std::vector<std::string>& uris) = 0;
  // Errors: NotFound (LAKE-STORE-002).
  [[nodiscard]] virtual Result<int64_t> Size(const Call& call, const std::string& uri) = 0;
  // Removes it; a missing object is fine.
  [[nodiscard]] virtual Result<void> Remove(const Call& call, const std::string& uri) = 0;
  // Every object below `uri`, in no order. A missing folder holds none.
  [[nodiscard]] virtual Result<void> List(
      const Call& call, const std::string& uri,
      const std::function<Result<void>(const ObjectInfo&)>& each) = 0;
  // For readers that need parts of it. Errors: as Read.
  [[nodiscard]] virtual Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenInput(
      const Call& call, const std::string& uri) = 0;
};

// `root`: absolute path of the folder no name may leave.
[[nodiscard]] std::shared_ptr<ObjectStore> LocalStore(std::string root);
// The same over several folders, the warehouse first.
[[nodiscard]] std::shared_ptr<ObjectStore> LocalStore(std::vector<std::string> roots);

// `file:///a/b`, `file:/a/b` or `/a/b` to `/a/b`. Errors: BadInput (LAKE-STORE-001): another
// scheme, a host, a relative path, `.` or `..` as a part, a control character.
[[nodiscard]] Result<std::string> LocalPath(std::string_view uri);
// `/a/b` to `file:///a/b`.
[[nodiscard]] std::string FileUri(std::string_view path);

}  // namespace firn::lake
