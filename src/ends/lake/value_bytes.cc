#include "ends/lake/value_bytes.h"

#include <cstdint>
#include <vector>

namespace firn::lake {
namespace {

constexpr uint32_t kLastCodePoint = 0x10FFFF;
constexpr uint32_t kFirstSurrogate = 0xD800;
constexpr uint32_t kLastSurrogate = 0xDFFF;

size_t SequenceLength(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

// Bytes of the first 16 code points.
size_t CutAt(std::string_view text) {
  size_t at = 0;
  for (size_t count = 0; at < text.size() && count < kBoundCodePoints; ++count) {
    at += SequenceLength(text[at]);
  }
  return at < text.size() ? at : text.size();
}

uint32_t LastCodePoint(std::string_view text, size_t& begin) {
  begin = text.size() - 1;
  while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
  const size_t length = text.size() - begin;
  const auto first = static_cast<unsigned char>(text[begin]);
  if (length == 1) return first;
  uint32_t code = first & (0xFFU >> (length + 1));
  for (size_t i = begin + 1; i < text.size(); ++i) {
    code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  return code;
}

void AppendCodePoint(uint32_t code, std::string& text) {
  const auto tail = [&](int shift) {
    text += static_cast<char>(0x80U | ((code >> shift) & 0x3FU));
  };
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += static_cast<char>(0xC0U | code >> 6);
    tail(0);
  } else if (code < 0x10000) {
    text += static_cast<char>(0xE0U | code >> 12);
    tail(6);
    tail(0);
  } else {
    text += static_cast<char>(0xF0U | code >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace

std::string DecimalBytes(__int128 unscaled) {
  std::string bytes;
  for (int shift = 120; shift >= 0; shift -= 8) {
    bytes += static_cast<char>(static_cast<unsigned char>(unscaled >> shift));
  }
  // A leading byte may go when it only repeats the sign of the one behind it.
  size_t first = 0;
  while (first + 1 < bytes.size()) {
    const bool next_negative = (static_cast<unsigned char>(bytes[first + 1]) & 0x80) != 0;
    const auto byte = static_cast<unsigned char>(bytes[first]);
    if (!((byte == 0 && !next_negative) || (byte == 0xFF && next_negative))) break;
    ++first;
  }
  return bytes.substr(first);
}

__int128 DecimalFromBytes(std::string_view bytes) {
  if (bytes.empty()) return 0;
  unsigned __int128 value = (static_cast<unsigned char>(bytes.front()) & 0x80) != 0
                                ? ~static_cast<unsigned __int128>(0)
                                : 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return static_cast<__int128>(value);
}

std::string LowerTextBound(std::string_view text) {
  return std::string(text.substr(0, CutAt(text)));
}

std::optional<std::string> UpperTextBound(std::string_view text) {
  const size_t cut = CutAt(text);
  if (cut == text.size()) return std::string(text);
  std::string bound(text.substr(0, cut));
  while (!bound.empty()) {
    size_t begin = 0;
    uint32_t code = LastCodePoint(bound, begin);
    bound.resize(begin);
    if (code == kLastCodePoint) continue;
    ++code;
    if (code >= kFirstSurrogate && code <= kLastSurrogate) code = kLastSurrogate + 1;
    AppendCodePoint(code, bound);
    return bound;
  }
  return std::nullopt;
}

}  // namespace firn::lake
