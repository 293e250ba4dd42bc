// EntryCache: the entries of manifests that commits come back to, so that a steady writer reads
// nothing twice. Manifests never change once written. Thread-safe; bounded by bytes.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ends/lake/table_io.h"

namespace firn::lake {

using Entries = std::shared_ptr<const std::vector<ManifestEntry>>;

class EntryCache {
 public:
  explicit EntryCache(int64_t bytes_max = 64 << 20) : bytes_max_(bytes_max) {}
  // Every entry of `line`, deleted ones too. Errors: Corrupt naming the manifest.
  [[nodiscard]] Result<Entries> Get(const Call& call, ObjectStore& store, const ManifestFile& line);

 private:
  struct Held {
    Entries entries;
    int64_t bytes = 0;
    std::list<std::string>::iterator use;
  };
  void Keep(const std::string& path, const Entries& entries, int64_t bytes);

  int64_t bytes_max_;
  std::mutex mutex_;
  int64_t bytes_ = 0;
  std::list<std::string> uses_;  // newest first
  std::map<std::string, Held> held_;
};

}  // namespace firn::lake
