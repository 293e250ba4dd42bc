#include "ends/lake/parquet/page_compressor.h"

#include <zstd.h>

namespace firn::lake {

void PageCompressor::Free::operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }

PageCompressor::PageCompressor(int level) : context_(ZSTD_createCCtx()) {
  FIRN_ASSERT(context_ != nullptr);
  // Out of range, a level is the nearest one there is.
  (void)ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level);
}

Result<size_t> PageCompressor::Append(std::span<const uint8_t> page, PageBytes& out) {
  const size_t room = ZSTD_compressBound(page.size());
  const size_t bytes =
      ZSTD_compress2(context_.get(), out.Room(room), room, page.data(), page.size());
  if (ZSTD_isError(bytes) != 0U) {
    return Fail(Error(Kind::kInternal, "LAKE-FILE-001", "the data file cannot be written")
                    .Because(std::string("zstd: ") + ZSTD_getErrorName(bytes)));
  }
  out.Took(bytes);
  return bytes;
}

}  // namespace firn::lake
