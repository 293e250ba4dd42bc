// Reading what a table's metadata refers to: manifest lists and the entries of manifests. Used by
// Table, the commits and the row reader; any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "ends/lake/format/manifest.h"
#include "ends/lake/store/object_store.h"

namespace firn::lake {

// The snapshot asked for, or the current one: nullptr for a table without rows yet. Errors:
// NotFound (LAKE-SNAPSHOT-001).
[[nodiscard]] Result<const Snapshot*> SnapshotOf(const Table& table,
                                                 std::optional<int64_t> snapshot_id);

// The manifests of a snapshot. Errors: Corrupt naming the file, also when it is missing.
[[nodiscard]] Result<std::vector<ManifestFile>> LoadManifests(const Call& call, ObjectStore& store,
                                                              const Snapshot& snapshot);

// Every entry of a manifest, deleted ones too. Errors: likewise.
[[nodiscard]] Result<void> EachEntry(const Call& call, ObjectStore& store,
                                     const ManifestFile& manifest,
                                     const std::function<Result<void>(ManifestEntry)>& take);

// The metadata file at `location`. Errors: Corrupt (LAKE-META-001) naming it, also when it is
// missing.
[[nodiscard]] Result<TableMetadata> LoadMetadata(const Call& call, ObjectStore& store,
                                                 const std::string& location,
                                                 const ParseOptions& options = {});

struct MetadataFile {
  const TableMetadata& metadata;
  std::string_view json;  // of it
  int version = 0;
};
// Writes a new file in the table's metadata folder, which `write.metadata.path` may name; plain or
// gzip as its properties say. Durable once settled. Returns its location. Errors: those of
// ObjectStore::Write.
[[nodiscard]] Result<std::string> WriteMetadata(const Call& call, ObjectStore& store,
                                                const MetadataFile& file);
// The number at the start of `00007-<uuid>.metadata.json`; 0 for other names.
[[nodiscard]] int MetadataVersion(const std::string& metadata_location);

}  // namespace firn::lake
