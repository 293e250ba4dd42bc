#include "ends/lake/parquet/page_compressor.h"

#include <arrow/util/compression.h>
#include <zstd.h>

#include <string>
#include <utility>

namespace firn::lake {
namespace {

Error Unpacked(std::string why) {
  return Error(Kind::kInternal, "LAKE-FILE-001", "the data file cannot be written")
      .Because(std::move(why));
}

class ZstdCompressor final : public PageCompressor {
 public:
  explicit ZstdCompressor(int level) : context_(ZSTD_createCCtx()) {
    FIRN_ASSERT(context_ != nullptr);
    // Out of range, a level is the nearest one there is.
    (void)ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level);
  }

  Result<size_t> Append(std::span<const uint8_t> page, PageBytes& out) override {
    const size_t room = ZSTD_compressBound(page.size());
    const size_t bytes =
        ZSTD_compress2(context_.get(), out.Room(room), room, page.data(), page.size());
    if (ZSTD_isError(bytes) != 0U)
      return Fail(Unpacked(std::string("zstd: ") + ZSTD_getErrorName(bytes)));
    out.Took(bytes);
    return bytes;
  }

 private:
  struct Free {
    void operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }
  };
  std::unique_ptr<ZSTD_CCtx_s, Free> context_;
};

class SnappyCompressor final : public PageCompressor {
 public:
  SnappyCompressor() {
    auto codec = arrow::util::Codec::Create(arrow::Compression::SNAPPY);
    FIRN_ASSERT(codec.ok());
    codec_ = *std::move(codec);
  }

  Result<size_t> Append(std::span<const uint8_t> page, PageBytes& out) override {
    const auto size = static_cast<int64_t>(page.size());
    const int64_t room = codec_->MaxCompressedLen(size, page.data());
    const auto bytes =
        codec_->Compress(size, page.data(), room, out.Room(static_cast<size_t>(room)));
    if (!bytes.ok()) return Fail(Unpacked(bytes.status().message()));
    out.Took(static_cast<size_t>(*bytes));
    return static_cast<size_t>(*bytes);
  }

 private:
  std::unique_ptr<arrow::util::Codec> codec_;
};

}  // namespace

std::unique_ptr<PageCompressor> PageCompressor::New(const ParquetOptions& options) {
  if (options.packing == Packing::kQuick) return std::make_unique<SnappyCompressor>();
  return std::make_unique<ZstdCompressor>(options.zstd_level);
}

}  // namespace firn::lake
