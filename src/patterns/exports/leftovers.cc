#include "patterns/exports/leftovers.h"

#include "core/base/encoding.h"
#include "core/base/file.h"
#include "ends/lake/store/s3_store.h"

namespace firn::exports {

std::string LocalPath(const std::string& uri) {
  constexpr std::string_view kScheme = "file://";
  if (!uri.starts_with(kScheme)) return uri.starts_with("file:") ? uri.substr(5) : uri;
  auto decoded = PercentDecode(uri.substr(kScheme.size()), false);
  return decoded ? *decoded : uri.substr(kScheme.size());
}

Result<Leftovers> RemoveLeftovers(const std::string& data_folder, const std::string& prefix,
                                  const std::set<std::string>& known) {
  Leftovers found;
  const std::string folder = LocalPath(data_folder);
  if (!FileExists(folder)) return found;
  std::set<std::string> kept;
  for (const std::string& path : known) kept.insert(LocalPath(path));
  FIRN_TRY(const auto names, ListFolder(folder));
  for (const std::string& name : names) {
    const std::string path = folder + "/" + name;
    if (!name.starts_with(prefix) || kept.contains(path)) continue;
    const auto bytes = FileSize(path);
    if (RemoveFile(path)) {
      found.removed.push_back(path);
      found.bytes += bytes ? static_cast<int64_t>(*bytes) : 0;
    } else {
      found.kept.push_back(path);
    }
  }
  if (!found.removed.empty()) FIRN_CHECK(SyncFolderOf(found.removed.front()));
  return found;
}

Result<Leftovers> RemoveRemoteLeftovers(const Call& call, lake::ObjectStore& store,
                                        const std::string& data_folder, const std::string& prefix,
                                        const std::set<std::string>& known) {
  FIRN_TRY(const std::string waiting, lake::DataFilePath(store, data_folder + "/x"));
  FIRN_TRY(Leftovers found, RemoveLeftovers(waiting.substr(0, waiting.rfind('/')), prefix, {}));
  std::vector<lake::ObjectInfo> unrecorded;
  FIRN_CHECK(store.List(call, data_folder, [&](const lake::ObjectInfo& object) -> Result<void> {
    const std::string name = object.uri.substr(object.uri.rfind('/') + 1);
    if (name.starts_with(prefix) && !known.contains(object.uri)) unrecorded.push_back(object);
    return {};
  }));
  for (const lake::ObjectInfo& object : unrecorded) {
    FIRN_CHECK(store.Remove(call, object.uri));
    found.removed.push_back(object.uri);
    found.bytes += object.bytes;
  }
  return found;
}

}  // namespace firn::exports
