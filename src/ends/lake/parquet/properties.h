// Encodings and compression of a data file's columns, as measured. Internal to lake; pure.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "core/record/layout.h"
#include "ends/lake/write/parquet_writer.h"

namespace parquet {
class WriterProperties;
}

namespace firn::lake {

[[nodiscard]] std::shared_ptr<parquet::WriterProperties> PropertiesFor(
    const record::Layout& layout, const ParquetOptions& options);

// Where Arrow's writer takes memory from.
[[nodiscard]] arrow::MemoryPool* WriterPool();

}  // namespace firn::lake
