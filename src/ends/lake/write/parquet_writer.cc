#include "ends/lake/write/parquet_writer.h"

#include "ends/lake/parquet/arrow_file.h"
#include "ends/lake/parquet/page_file.h"

namespace firn::lake {

Result<std::unique_ptr<ParquetWriter>> ParquetWriter::Open(const std::string& path,
                                                           const record::Layout& layout,
                                                           const ParquetOptions& options) {
  return FitsPageFile(layout.schema) ? OpenPageFile(path, layout, options)
                                     : OpenArrowFile(path, layout, options);
}

}  // namespace firn::lake
