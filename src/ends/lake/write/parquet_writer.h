// ParquetWriter: Arrow batches into one Parquet data file with Iceberg field ids. Internal to lake.
//
// Encodings follow what was measured (reference/bulk_limits.md): zstd 1, dictionaries only for
// columns that describe says hold few values, DELTA_BINARY_PACKED for whole numbers, dates, times
// and decimals. Plain columns, structs and lists of them are written by our own pages, deeper
// nesting by Arrow (docs/decisions/0061). One thread. The file exists under its final name from the
// start: nobody knows that name before the file is closed and synced.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/record/layout.h"
#include "ends/lake/data_file.h"

namespace firn::lake {

enum class Packing {
  kSmall,  // zstd: files that stay
  kQuick,  // Snappy: files that are soon written again, a quarter larger (docs/decisions/0063)
};

struct ParquetOptions {
  int64_t row_group_rows = 256 * 1024;
  Packing packing = Packing::kSmall;
  int zstd_level = 1;
  bool plain_encoding = false;
};

class ParquetWriter {
 public:
  virtual ~ParquetWriter() = default;
  // `path`: of the local file. Errors: those of base/file.h, Internal (LAKE-FILE-001).
  [[nodiscard]] static Result<std::unique_ptr<ParquetWriter>> Open(const std::string& path,
                                                                   const record::Layout& layout,
                                                                   const ParquetOptions& options);
  [[nodiscard]] virtual Result<void> Write(const arrow::RecordBatch& batch) = 0;
  // Closes and syncs file and folder. `path` of the result is left empty.
  [[nodiscard]] virtual Result<DataFile> Close() = 0;
  [[nodiscard]] virtual int64_t bytes() const = 0;  // written and buffered, about
  [[nodiscard]] virtual int64_t rows() const = 0;
};

}  // namespace firn::lake
