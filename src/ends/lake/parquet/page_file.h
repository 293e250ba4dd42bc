// Data files by a page writer of our own: columns of plain values, structs of them (compound
// fields) and lists of them (multi-select picklists). Internal to lake. See docs/decisions/0061.
#pragma once

#include <memory>
#include <string>

#include "core/base/error.h"
#include "ends/lake/write/parquet_writer.h"

namespace firn::lake {

// Whether every field is of a form that OpenPageFile writes.
[[nodiscard]] bool FitsPageFile(const record::Schema& schema);

// `layout` fits. Errors: those of base/file.h, Internal (LAKE-FILE-001).
[[nodiscard]] Result<std::unique_ptr<ParquetWriter>> OpenPageFile(const std::string& path,
                                                                  const record::Layout& layout,
                                                                  const ParquetOptions& options);

}  // namespace firn::lake
