#include "core/net/inflate.h"

#include <isa-l/igzip_lib.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/net/internal/ascii.h"

namespace firn::net {
namespace {

constexpr size_t kRawPiece = 256 << 10;
constexpr size_t kOutPiece = 256 << 10;

tl::unexpected<Error> Damaged(std::string why) {
  return Fail(
      Error(Kind::kCorrupt, "NET-GZIP-001", "compressed data is damaged").Because(std::move(why)));
}

// One compressed stream, fed in pieces: gzip members one after the other, or a zlib stream.
// `deflate` bodies come as zlib (RFC 9110, 8.4.1.2), from some servers as bare deflate.
class Inflater {
 public:
  Inflater() { isal_inflate_init(&state_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Both must be empty of earlier input; the bytes must live until NeedsInput().
  void Give(std::string_view bytes) {
    // ISA-L takes 32-bit counts; pieces are far smaller.
    state_.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(bytes.data()));
    state_.avail_in = static_cast<uint32_t>(bytes.size());
  }
  [[nodiscard]] bool NeedsInput() const { return state_.avail_in == 0 && !more_output_; }
  // True at a place where the data may end.
  [[nodiscard]] bool Complete() const { return !started_ || finished_; }
  [[nodiscard]] bool started() const { return started_; }

  // Bytes written to `out`.
  [[nodiscard]] Result<size_t> Run(char* out, size_t room) {
    if (state_.avail_in == 0 && !more_output_) return size_t{0};
    if (!started_ || finished_) FIRN_CHECK(Begin());
    if (finished_) return size_t{0};
    state_.next_out = reinterpret_cast<uint8_t*>(out);
    state_.avail_out = static_cast<uint32_t>(room);
    const int code = isal_inflate(&state_);
    if (code != ISAL_DECOMP_OK) return Damaged(Reason(code));
    finished_ = state_.block_state == ISAL_BLOCK_FINISH;
    // A full window may hide more that is already decoded.
    more_output_ = !finished_ && state_.avail_out == 0;
    return room - state_.avail_out;
  }

 private:
  Result<void> Begin() {
    const uint8_t first = *state_.next_in;
    if (finished_) {
      if (format_ != ISAL_GZIP) return Damaged("bytes after the end of the data");
      if (first == 0) return SkipPadding();
      if (first != 0x1F) return Damaged("bytes after the end of the data");
    } else {
      // gzip begins 1F 8B (RFC 1952); zlib's first byte has method 8 and a window of at most 32 KiB
      // (RFC 1950), which no bare deflate block written by a known encoder begins with.
      format_ = first == 0x1F                              ? ISAL_GZIP
                : (first & 0x0F) == 8 && (first >> 4) <= 7 ? ISAL_ZLIB
                                                           : ISAL_DEFLATE;
    }
    uint8_t* const next_in = state_.next_in;
    const uint32_t avail_in = state_.avail_in;
    isal_inflate_init(&state_);
    state_.crc_flag = static_cast<uint32_t>(format_);
    state_.next_in = next_in;
    state_.avail_in = avail_in;
    started_ = true;
    finished_ = false;
    return {};
  }

  // Tapes and some archivers pad the last member with zeros; gzip(1) takes that too.
  Result<void> SkipPadding() {
    while (state_.avail_in > 0) {
      if (*state_.next_in != 0) return Damaged("bytes after the end of the data");
      ++state_.next_in;
      --state_.avail_in;
    }
    return {};
  }

  static std::string Reason(int code) {
    switch (code) {
      case ISAL_INVALID_WRAPPER:
        return "the header is wrong";
      case ISAL_INCORRECT_CHECKSUM:
        return "the checksum is wrong";
      case ISAL_UNSUPPORTED_METHOD:
        return "the method is unknown";
      default:
        return "a block is malformed";
    }
  }

  inflate_state state_;
  int format_ = ISAL_GZIP;
  bool started_ = false;
  bool finished_ = false;
  bool more_output_ = false;
};

class InflatingStream final : public BodyStream {
 public:
  explicit InflatingStream(std::unique_ptr<BodyStream> raw) : raw_(std::move(raw)) {}

  [[nodiscard]] Result<std::string> Read(size_t bytes_max) override {
    std::string out(std::min(bytes_max, kOutPiece), '\0');
    FIRN_TRY(const size_t written, ReadInto(out.data(), out.size()));
    out.resize(written);
    return out;
  }

  [[nodiscard]] Result<size_t> ReadInto(char* into, size_t bytes_max) override {
    while (true) {
      if (inflater_.NeedsInput()) {
        FIRN_TRY(piece_, raw_->Read(kRawPiece));
        if (piece_.empty()) {
          if (!inflater_.Complete()) return Damaged("the data ends too early");
          return 0;
        }
        inflater_.Give(piece_);
      }
      FIRN_TRY(const size_t written, inflater_.Run(into, bytes_max));
      if (written > 0) return written;
    }
  }

 private:
  std::unique_ptr<BodyStream> raw_;
  std::string piece_;
  Inflater inflater_;
};

}  // namespace

std::unique_ptr<BodyStream> InflateStream(std::unique_ptr<BodyStream> raw) {
  return std::make_unique<InflatingStream>(std::move(raw));
}

Result<std::string> InflateBody(std::string_view content_encoding, std::string body,
                                uint64_t bytes_max) {
  if (content_encoding.empty() || SameText(content_encoding, "identity")) {
    if (body.size() <= bytes_max) return body;
    return Fail(Kind::kLimitReached, "NET-GZIP-003", "the body is larger than allowed");
  }
  if (!SameText(content_encoding, "gzip") && !SameText(content_encoding, "x-gzip") &&
      !SameText(content_encoding, "deflate")) {
    return Fail(
        Kind::kUnsupported, "NET-GZIP-002",
        "the body has the unknown encoding `" + std::string(content_encoding.substr(0, 32)) + "`");
  }
  if (body.empty()) return body;
  auto inflater = std::make_unique<Inflater>();
  inflater->Give(body);
  std::string out;
  while (!inflater->NeedsInput()) {
    const size_t have = out.size();
    if (have > bytes_max) {
      return Fail(Error(Kind::kLimitReached, "NET-GZIP-003", "the body inflates to too much")
                      .Because("more than " + std::to_string(bytes_max) + " bytes"));
    }
    out.resize(have + kOutPiece);
    FIRN_TRY(const size_t written, inflater->Run(out.data() + have, kOutPiece));
    out.resize(have + written);
  }
  if (!inflater->Complete()) return Damaged("the data ends too early");
  if (out.size() > bytes_max) {
    return Fail(Kind::kLimitReached, "NET-GZIP-003", "the body inflates to too much");
  }
  return out;
}

std::string Gzip(std::string_view bytes, int level) {
  z_stream stream{};
  // 16 more than the window's bits: a gzip wrapper (zlib.h, deflateInit2).
  FIRN_ASSERT(deflateInit2(&stream, level, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) ==
              Z_OK);
  std::string out;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  size_t left = bytes.size();
  int code = Z_OK;
  while (code != Z_STREAM_END) {
    if (stream.avail_in == 0 && left > 0) {
      stream.avail_in = static_cast<uInt>(std::min<size_t>(left, 1U << 30));
      left -= stream.avail_in;
    }
    const size_t have = out.size();
    out.resize(have + std::max<size_t>(1024, bytes.size() / 4));
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + have);
    stream.avail_out = static_cast<uInt>(std::min<size_t>(out.size() - have, 1U << 30));
    const size_t room = stream.avail_out;
    code = deflate(&stream, left == 0 ? Z_FINISH : Z_NO_FLUSH);
    out.resize(have + room - stream.avail_out);
  }
  deflateEnd(&stream);
  return out;
}

}  // namespace firn::net
