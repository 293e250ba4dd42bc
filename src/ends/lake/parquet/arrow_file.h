// Data files by Arrow's own writer: for schemas whose nesting PageFile does not know. Internal to
// lake.
#pragma once

#include <memory>
#include <string>

#include "core/base/error.h"
#include "ends/lake/write/parquet_writer.h"

namespace firn::lake {

[[nodiscard]] Result<std::unique_ptr<ParquetWriter>> OpenArrowFile(const std::string& path,
                                                                   const record::Layout& layout,
                                                                   const ParquetOptions& options);

}  // namespace firn::lake
