#include "ends/lake/commit/entry_cache.h"

namespace firn::lake {
namespace {

// Decoded entries take more room than in their Avro file: maps have nodes, texts have headers.
constexpr int64_t kMemoryPerByte = 4;

}  // namespace

Result<Entries> EntryCache::Get(const Call& call, ObjectStore& store, const ManifestFile& line) {
  // The same manifest gets row ids when its table is upgraded.
  const std::string key =
      line.path + (line.first_row_id ? "#" + std::to_string(*line.first_row_id) : "");
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = held_.find(key); found != held_.end()) {
      uses_.splice(uses_.begin(), uses_, found->second.use);
      return found->second.entries;
    }
  }
  std::vector<ManifestEntry> read;
  FIRN_CHECK(EachEntry(call, store, line, [&read](ManifestEntry entry) -> Result<void> {
    read.push_back(std::move(entry));
    return {};
  }));
  const auto entries = std::make_shared<const std::vector<ManifestEntry>>(std::move(read));
  // The entries of a manifest that is not committed yet inherit numbers that may still change.
  if (line.sequence_number != kUnassignedSequence)
    Keep(key, entries, line.length_bytes * kMemoryPerByte);
  return Entries(entries);
}

void EntryCache::Keep(const std::string& path, const Entries& entries, int64_t bytes) {
  if (bytes > bytes_max_ / 4) return;
  const std::lock_guard lock(mutex_);
  if (held_.contains(path)) return;
  uses_.push_front(path);
  held_[path] = {entries, bytes, uses_.begin()};
  bytes_ += bytes;
  while (bytes_ > bytes_max_) {
    const auto oldest = held_.find(uses_.back());
    bytes_ -= oldest->second.bytes;
    held_.erase(oldest);
    uses_.pop_back();
  }
}

}  // namespace firn::lake
