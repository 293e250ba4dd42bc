#include "ends/lake/internal/gzip.h"

#include <zlib.h>

#include <algorithm>

#include "ends/lake/internal/json.h"

namespace firn::lake::internal {

namespace {

// `window_bits` also say what surrounds the stream (zlib.h, deflateInit2). Fastest level: what is
// packed here is small and written on the commit path.
std::string Deflate(std::string_view bytes, int window_bits) {
  z_stream stream{};
  FIRN_ASSERT(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) ==
              Z_OK);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  FIRN_ASSERT(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace

std::string Gzip(std::string_view bytes) { return Deflate(bytes, MAX_WBITS + 16); }

std::string DeflateRaw(std::string_view bytes) { return Deflate(bytes, -MAX_WBITS); }

Result<std::string> Gunzip(std::string_view bytes, uint64_t inflated_max) {
  z_stream stream{};
  if (inflateInit2(&stream, MAX_WBITS + 16) != Z_OK) return BadJson("it does not inflate");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  int status = Z_OK;
  while (status == Z_OK && out.size() <= inflated_max) {
    const size_t before = out.size();
    out.resize(before + std::max<size_t>(before, 64 * 1024));
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = static_cast<uInt>(out.size() - before);
    status = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (status != Z_STREAM_END || out.size() > inflated_max)
    return BadJson("it is cut short or too large once inflated");
  return out;
}

}  // namespace firn::lake::internal
