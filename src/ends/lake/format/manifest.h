// Manifests and manifest lists (Iceberg spec, "Manifests" and "Snapshots"): versions 1 to 3 are
// read, versions 2 and 3 are written. Pure functions on bytes; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/random.h"
#include "ends/lake/data_file.h"
#include "ends/lake/format/metadata.h"

namespace firn::lake {

// What one partition field holds in a manifest's files.
struct PartitionFieldSummary {
  bool contains_null = false;
  std::optional<bool> contains_nan;
  std::optional<std::string> lower_bound;  // single-value binary form
  std::optional<std::string> upper_bound;
};

// A manifest that is not committed yet takes the number its commit will get.
inline constexpr int64_t kUnassignedSequence = -1;

// A line of a manifest list.
struct ManifestFile {
  enum class Content { kData = 0, kDeletes = 1 };
  std::string path;
  int64_t length_bytes = 0;
  int spec_id = 0;
  Content content = Content::kData;
  int64_t sequence_number = 0;
  int64_t min_sequence_number = 0;
  int64_t added_snapshot_id = 0;
  // Missing in some v1 lists.
  std::optional<int> added_files, existing_files, deleted_files;
  std::optional<int64_t> added_rows, existing_rows, deleted_rows;
  std::vector<PartitionFieldSummary> partitions;
  std::optional<std::string> key_metadata;
  std::optional<int64_t> first_row_id;  // v3, data manifests

  // False when every entry is a deletion: nothing in it is live any more. Unknown counts are live.
  [[nodiscard]] bool has_live_files() const {
    return added_files.value_or(1) > 0 || existing_files.value_or(1) > 0;
  }
};

struct ManifestEntry {
  enum class Status { kExisting = 0, kAdded = 1, kDeleted = 2 };
  Status status = Status::kExisting;
  std::optional<int64_t> snapshot_id;           // nothing: the manifest's own
  std::optional<int64_t> sequence_number;       // nothing: inherited (added files only)
  std::optional<int64_t> file_sequence_number;  // likewise
  DataFile file;

  [[nodiscard]] bool live() const { return status != Status::kDeleted; }
};

// Errors: Corrupt (LAKE-MANIFEST-001, LAKE-AVRO-001) naming the file.
[[nodiscard]] Result<std::vector<ManifestFile>> ReadManifestList(std::string bytes,
                                                                 const std::string& path);

struct ManifestListOptions {
  int64_t snapshot_id = 0;
  std::optional<int64_t> parent_snapshot_id;
  int64_t sequence_number = 0;
  int format_version = 2;
};
[[nodiscard]] std::string WriteManifestList(const std::vector<ManifestFile>& manifests,
                                            const ManifestListOptions& options, Random& random);

// Hands over every entry, deleted ones too, with snapshot id and sequence numbers inherited from
// `manifest` where the entry leaves them out. The counts of `manifest` are checked against what was
// there. Errors: Corrupt as above, or what `take` answered.
[[nodiscard]] Result<void> ReadManifest(std::string bytes, const ManifestFile& manifest,
                                        const std::function<Result<void>(ManifestEntry)>& take);

// Writes one manifest of one spec and content.
class ManifestWriter {
 public:
  struct Options {
    ManifestFile::Content content = ManifestFile::Content::kData;
    int64_t snapshot_id = 0;
    int format_version = 2;
  };
  // `schema` and `spec` are those the entries' files were written with; partition values follow the
  // spec's fields.
  ManifestWriter(const TableSchema& schema, const PartitionSpec& spec, const Options& options,
                 Random& random);
  ~ManifestWriter();
  ManifestWriter(ManifestWriter&&) noexcept;

  // Added entries leave their sequence numbers to be inherited, so that the manifest holds for
  // whatever number the commit gets in the end; others must have them.
  void Add(const ManifestEntry& entry);
  [[nodiscard]] int entries() const;
  // The file's bytes; `line` gets everything but its path. The writer is used up.
  [[nodiscard]] std::string Finish(ManifestFile& line);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace firn::lake
