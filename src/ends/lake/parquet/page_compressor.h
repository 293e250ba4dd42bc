// PageCompressor: zstd for the pages of one file, with one context for all of them. Internal to
// lake. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/base/error.h"
#include "ends/lake/parquet/page_bytes.h"

struct ZSTD_CCtx_s;

namespace firn::lake {

class PageCompressor {
 public:
  explicit PageCompressor(int level);
  // Puts one frame behind what stands in `out`; answers its bytes. Errors: Internal
  // (LAKE-FILE-001).
  [[nodiscard]] Result<size_t> Append(std::span<const uint8_t> page, PageBytes& out);

 private:
  struct Free {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_CCtx_s, Free> context_;
};

}  // namespace firn::lake
