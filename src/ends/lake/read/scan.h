// Scan: committed data files opened again from storage, for reconcile's `--verify`.
//
// Pure reading; any thread. Nothing here looks at what was kept in memory while writing: the bytes
// come from the file.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/call.h"
#include "core/base/error.h"
#include "core/record/column_hash.h"
#include "core/record/schema.h"

namespace firn::lake {

class ObjectStore;

struct ScannedFile {
  int64_t rows = 0;
  record::ColumnHashes hashes;  // by the schema's top-level fields; a missing column is all null
};

// Rows by the file's footer alone. Errors: NotFound (LAKE-STORE-002); Corrupt (LAKE-SCAN-001)
// naming the file; those of the store.
[[nodiscard]] Result<int64_t> CountDataFileRows(const Call& call, ObjectStore& store,
                                                const std::string& uri);

// Reads every row, columns matched to `schema` by field id. Memory: one batch. Errors: as above.
[[nodiscard]] Result<ScannedFile> HashDataFile(const Call& call, ObjectStore& store,
                                               const std::string& uri,
                                               const record::Schema& schema);

}  // namespace firn::lake
