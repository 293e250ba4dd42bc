// Avro's binary encoding, as much of it as events need. Appends to a string; pure; any thread.
// Source: Avro 1.11 specification, 'Binary Encoding'.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace firn::sandbox {

// An int or a long: zigzag, then seven bits a byte, least significant first.
inline void AvroLong(int64_t value, std::string& out) {
  uint64_t bits = (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
  while (bits >= 0x80) {
    out += static_cast<char>(bits | 0x80);
    bits >>= 7;
  }
  out += static_cast<char>(bits);
}

inline void AvroText(std::string_view text, std::string& out) {
  AvroLong(static_cast<int64_t>(text.size()), out);
  out += text;
}

inline void AvroDouble(double value, std::string& out) {
  const auto bits = std::bit_cast<uint64_t>(value);
  for (int shift = 0; shift < 64; shift += 8) out += static_cast<char>(bits >> shift);
}

inline void AvroBool(bool value, std::string& out) { out += value ? '\1' : '\0'; }

// The branch of a union that follows.
inline void AvroBranch(int branch, std::string& out) { AvroLong(branch, out); }

}  // namespace firn::sandbox
