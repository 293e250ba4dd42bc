// PageCompressor: packs the pages of one file, zstd with one context for all of them. Internal to
// lake. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/base/error.h"
#include "ends/lake/parquet/page_bytes.h"
#include "ends/lake/write/parquet_writer.h"

namespace firn::lake {

class PageCompressor {
 public:
  virtual ~PageCompressor() = default;
  [[nodiscard]] static std::unique_ptr<PageCompressor> New(const ParquetOptions& options);
  // Puts one page behind what stands in `out`; answers its bytes. Errors: Internal (LAKE-FILE-001).
  [[nodiscard]] virtual Result<size_t> Append(std::span<const uint8_t> page, PageBytes& out) = 0;
};

}  // namespace firn::lake
