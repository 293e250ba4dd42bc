#include "ends/lake/format/snapshot_summary.h"

#include <charconv>
#include <optional>

namespace firn::lake {
namespace {

using Summary = std::map<std::string, std::string>;

void PutIf(Summary& out, const char* key, int64_t value) {
  if (value > 0) out[key] = std::to_string(value);
}

std::optional<int64_t> Total(const Summary* previous, const char* key) {
  if (previous == nullptr) return 0;
  const auto found = previous->find(key);
  if (found == previous->end()) return {};
  int64_t value = 0;
  const char* end = found->second.data() + found->second.size();
  const auto [at, error] = std::from_chars(found->second.data(), end, value);
  if (error != std::errc() || at != end) return {};
  return value;
}

}  // namespace

void SummaryBuilder::Side::Count(const DataFile& file) {
  bytes += file.file_size_bytes;
  switch (file.content) {
    case DataFile::Content::kData:
      ++files;
      records += file.record_count;
      return;
    case DataFile::Content::kPositionDeletes:
      ++delete_files;
      ++position_delete_files;
      position_deletes += file.record_count;
      return;
    case DataFile::Content::kEqualityDeletes:
      ++delete_files;
      ++equality_delete_files;
      equality_deletes += file.record_count;
      return;
  }
}

void SummaryBuilder::Added(const DataFile& file) { added_.Count(file); }
void SummaryBuilder::Removed(const DataFile& file) { removed_.Count(file); }

Summary SummaryBuilder::Build(const Summary* previous) const {
  Summary out;
  PutIf(out, "added-data-files", added_.files);
  PutIf(out, "deleted-data-files", removed_.files);
  PutIf(out, "added-delete-files", added_.delete_files);
  PutIf(out, "removed-delete-files", removed_.delete_files);
  PutIf(out, "added-position-delete-files", added_.position_delete_files);
  PutIf(out, "removed-position-delete-files", removed_.position_delete_files);
  PutIf(out, "added-equality-delete-files", added_.equality_delete_files);
  PutIf(out, "removed-equality-delete-files", removed_.equality_delete_files);
  PutIf(out, "added-records", added_.records);
  PutIf(out, "deleted-records", removed_.records);
  PutIf(out, "added-files-size", added_.bytes);
  PutIf(out, "removed-files-size", removed_.bytes);
  PutIf(out, "added-position-deletes", added_.position_deletes);
  PutIf(out, "removed-position-deletes", removed_.position_deletes);
  PutIf(out, "added-equality-deletes", added_.equality_deletes);
  PutIf(out, "removed-equality-deletes", removed_.equality_deletes);
  // Unpartitioned tables have one partition.
  out["changed-partition-count"] = added_any() || removed_any() ? "1" : "0";

  const auto total = [&](const char* key, int64_t added, int64_t removed) {
    const auto before = Total(previous, key);
    if (before && *before + added - removed >= 0)
      out[key] = std::to_string(*before + added - removed);
  };
  total("total-data-files", added_.files, removed_.files);
  total("total-delete-files", added_.delete_files, removed_.delete_files);
  total("total-records", added_.records, removed_.records);
  total("total-files-size", added_.bytes, removed_.bytes);
  total("total-position-deletes", added_.position_deletes, removed_.position_deletes);
  total("total-equality-deletes", added_.equality_deletes, removed_.equality_deletes);
  return out;
}

}  // namespace firn::lake
