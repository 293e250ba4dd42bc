#include "ends/lake/maintain/orphans.h"

#include <algorithm>
#include <unordered_set>

#include "ends/lake/table_io.h"

namespace firn::lake {
namespace {

// Names compare as paths: other writers put `file:/a` or `/a` where we put `file:///a`.
class Referred {
 public:
  void Add(const std::string& uri) {
    auto path = LocalPath(uri);
    paths_.insert(path ? *std::move(path) : uri);
  }
  [[nodiscard]] bool Has(const std::string& uri) const {
    auto path = LocalPath(uri);
    return paths_.contains(path ? *path : uri);
  }

 private:
  std::unordered_set<std::string> paths_;
};

Result<void> AddSnapshotFiles(const Call& call, ObjectStore& store, const Snapshot& snapshot,
                              std::unordered_set<std::string>& manifests_seen, Referred& out) {
  out.Add(snapshot.manifest_list);
  FIRN_TRY(const auto manifests, LoadManifests(call, store, snapshot));
  for (const ManifestFile& manifest : manifests) {
    if (!manifests_seen.insert(manifest.path).second) continue;
    out.Add(manifest.path);
    FIRN_CHECK(EachEntry(call, store, manifest, [&out](ManifestEntry entry) -> Result<void> {
      if (entry.live()) out.Add(entry.file.path);
      return {};
    }));
  }
  return {};
}

}  // namespace

Result<std::vector<ObjectInfo>> OrphanFiles(const Call& call, const Table& table) {
  const TableMetadata& metadata = table.metadata();
  ObjectStore& store = *table.store();
  Referred referred;
  referred.Add(table.metadata_location());
  for (const MetadataLogEntry& entry : metadata.metadata_log) referred.Add(entry.metadata_file);
  for (const StatisticsFile& file : metadata.statistics) referred.Add(file.path);
  std::unordered_set<std::string> manifests_seen;
  for (const auto& snapshot : metadata.snapshots)
    FIRN_CHECK(AddSnapshotFiles(call, store, *snapshot, manifests_seen, referred));

  std::vector<ObjectInfo> orphans;
  FIRN_CHECK(store.List(call, metadata.location, [&](const ObjectInfo& object) -> Result<void> {
    // Files may stand in members of the metadata that are kept as text.
    const std::string name = object.uri.substr(object.uri.rfind('/') + 1);
    const bool hint = name == "version-hint.text";
    if (!hint && !referred.Has(object.uri) && metadata.extra_json.find(name) == std::string::npos)
      orphans.push_back(object);
    return {};
  }));
  std::sort(orphans.begin(), orphans.end(),
            [](const ObjectInfo& a, const ObjectInfo& b) { return a.uri < b.uri; });
  return orphans;
}

}  // namespace firn::lake
