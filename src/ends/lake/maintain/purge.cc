#include "ends/lake/maintain/purge.h"

#include <set>

#include "core/base/log.h"
#include "ends/lake/table_io.h"

namespace firn::lake {
namespace {

// Of a local file its path, of one on S3 its name.
Result<std::string> PathOf(const std::string& uri) {
  return uri.starts_with("s3://") ? Result<std::string>(uri) : LocalPath(uri);
}

class Purge {
 public:
  Purge(const Call& call, ObjectStore& store, const TableMetadata& metadata)
      : call_(call), store_(store), metadata_(metadata) {}

  Result<int64_t> Run(const std::string& metadata_location) {
    auto root = PathOf(metadata_.location);
    if (!root) return 0;
    below_ = *std::move(root) + "/";
    std::set<std::string> lists;
    std::set<std::string> manifests;
    for (const auto& snapshot : metadata_.snapshots) {
      FIRN_CHECK(call_.Check());
      FIRN_CHECK(Snapshots(*snapshot, manifests));
      if (!snapshot->manifest_list.empty()) lists.insert(snapshot->manifest_list);
    }
    for (const std::string& uri : manifests) FIRN_CHECK(Remove(uri));
    for (const std::string& uri : lists) FIRN_CHECK(Remove(uri));
    for (const StatisticsFile& file : metadata_.statistics) FIRN_CHECK(Remove(file.path));
    for (const MetadataLogEntry& entry : metadata_.metadata_log)
      FIRN_CHECK(Remove(entry.metadata_file));
    FIRN_CHECK(Remove(metadata_location));
    return removed_;
  }

 private:
  Result<void> Snapshots(const Snapshot& snapshot, std::set<std::string>& manifests) {
    const auto lines = LoadManifests(call_, store_, snapshot);
    if (!lines) {
      log::Warn("lake.purge_manifests_unread", {{"error", lines.error().OneLine()}});
      return {};
    }
    for (const ManifestFile& line : *lines) {
      if (!manifests.insert(line.path).second) continue;
      if (!metadata_.BoolProperty("gc.enabled", true)) continue;
      const auto read = EachEntry(call_, store_, line, [&](ManifestEntry entry) -> Result<void> {
        // Deletion vectors share a file; it is removed once.
        if (!data_files_.insert(entry.file.path).second) return {};
        return Remove(entry.file.path);
      });
      if (read) continue;
      FIRN_CHECK(call_.Check());
      log::Warn("lake.purge_manifest_unread", {{"error", read.error().OneLine()}});
    }
    return {};
  }

  Result<void> Remove(const std::string& uri) {
    FIRN_CHECK(call_.Check());
    const auto path = PathOf(uri);
    if (!path || !path->starts_with(below_)) {
      log::Info("lake.purge_kept", {{"uri", uri}});
      return {};
    }
    if (const auto removed = store_.Remove(call_, uri); !removed) {
      log::Warn("lake.file_not_removed", {{"error", removed.error().OneLine()}});
      return {};
    }
    ++removed_;
    return {};
  }

  const Call& call_;
  ObjectStore& store_;
  const TableMetadata& metadata_;
  std::string below_;
  std::set<std::string> data_files_;
  int64_t removed_ = 0;
};

}  // namespace

Result<int64_t> PurgeTable(const Call& call, ObjectStore& store, const TableMetadata& metadata,
                           const std::string& metadata_location) {
  return Purge(call, store, metadata).Run(metadata_location);
}

}  // namespace firn::lake
