// The key index on disk, so that a merge need not scan the key column when it begins. Internal to
// lake.
//
// An aid only: a file that is missing, damaged, of another table or another key is passed over, and
// one of an older snapshot is brought up to date by comparing file lists (MergeFiles::Follow).
//
// Format, all numbers little-endian:
//   8 bytes  "FIRNKIX1"
//   u32      bytes of the head, then the head: JSON of table uuid, key field id, snapshot id, hash
//            seed, data files in the order of their numbers (path, rows, names of their delete
//            files), count of rows, count of ordering numbers
//   20 bytes a row: key (three u32), number of the data file, row in it (u32 each)
//   20 bytes an ordering number: key, i64
//   u32      CRC-32 of everything before it
#pragma once

#include <cstdint>
#include <string>

#include "core/base/error.h"
#include "ends/lake/merge/files.h"
#include "ends/lake/merge/orders.h"

namespace firn::lake {

struct IndexOwner {
  std::string table_uuid;
  int key_field_id = 0;
};

// `<folder of the namespace>/.firn/<table uuid>-<key field id>.idx`. Errors: Unsupported
// (LAKE-FILE-002) for a table that is not on this machine.
[[nodiscard]] Result<std::string> DefaultIndexPath(const Table& table, const IndexOwner& owner);

// Writes it whole under another name first; readers see the old one or the new one. Errors: those
// of base/file.h.
[[nodiscard]] Result<void> SaveKeyIndex(const std::string& path, const IndexOwner& owner,
                                        int64_t snapshot_id, const MergeFiles& files,
                                        const RecentOrders& orders);

// Snapshot id of what was restored; nothing when there is no usable file (logged unless missing).
[[nodiscard]] std::optional<int64_t> LoadKeyIndex(const std::string& path, const IndexOwner& owner,
                                                  MergeFiles& files, RecentOrders& orders);

}  // namespace firn::lake
