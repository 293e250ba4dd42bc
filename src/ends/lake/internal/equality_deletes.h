// Equality deletes of other writers: rows that are gone by the values they have (Iceberg spec,
// "Equality Delete Files"). Firn reads them and never writes any. Memory: the keys of the delete
// files that hold for the data file that is read, at most kEqualityKeysMax.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "ends/lake/data_file.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/store/object_store.h"

namespace firn::lake::internal {

inline constexpr size_t kEqualityKeysMax = 20'000'000;

// The keys of one delete file: rows with one of them are gone.
struct EqualityKeys {
  record::Schema schema;  // the key's columns
  std::unordered_set<std::string> keys;
};
using EqualityFilter = std::vector<std::shared_ptr<const EqualityKeys>>;

class EqualityDeletes {
 public:
  explicit EqualityDeletes(const TableMetadata& metadata) : metadata_(metadata) {}
  // Errors: Unsupported (LAKE-READ-002) for keys that are no top-level columns, and for formats
  // other than Parquet.
  Result<void> Add(DataFile file, int64_t sequence_number);
  // Columns that any key has, each once; what a reader must read besides those it shows.
  [[nodiscard]] std::vector<record::Field> Columns() const;
  // The deletes that hold for a data file: committed after it, of its partition or of all. Errors:
  // Corrupt naming a file; LimitReached (LAKE-READ-003).
  Result<EqualityFilter> FilterFor(const Call& call, ObjectStore& store, const DataFile& data,
                                   int64_t data_sequence_number);

 private:
  struct Entry {
    DataFile file;
    int64_t sequence_number = 0;
    record::Schema schema;
    std::shared_ptr<const EqualityKeys> keys;  // once read
  };
  Result<std::shared_ptr<const EqualityKeys>> Load(const Call& call, ObjectStore& store,
                                                   const Entry& entry);

  const TableMetadata& metadata_;
  std::vector<Entry> entries_;
  size_t keys_held_ = 0;
};

// Whether an equality delete file holds for a data file: committed after it, of its partition or of
// all.
[[nodiscard]] bool HoldsFor(const TableMetadata& metadata, const DataFile& deletes,
                            int64_t deletes_sequence_number, const DataFile& data,
                            int64_t data_sequence_number);

// Which rows stay. `rows` has the keys' columns by name.
[[nodiscard]] std::vector<bool> Staying(const arrow::RecordBatch& rows,
                                        const EqualityFilter& filter);

}  // namespace firn::lake::internal
