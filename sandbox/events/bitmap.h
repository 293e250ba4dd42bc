// The bitmaps of a change event's header: which fields a change touched.
//
// Element 0 is `0x` and upper-case hex digits, two a byte, of the top-level fields; a compound
// field at position P has an element of its own, `P-0x..`, over its parts. Bit i from the least
// significant is field i of the Avro record, the header being field 0. Not thread-safe.
// Source: Pub/Sub API guide, 'Event Deserialization Considerations', read 2026-11.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/events/event_schema.h"

namespace firn::sandbox {

class FieldBitmap {
 public:
  // Of a header's array of strings; what is no bitmap is passed over.
  [[nodiscard]] static FieldBitmap Of(std::span<const std::string_view> texts);
  void Set(EventPlace place);
  [[nodiscard]] bool Has(EventPlace place) const;
  [[nodiscard]] bool empty() const { return top_.empty() && nested_.empty(); }
  // The header's array of strings.
  [[nodiscard]] std::vector<std::string> Texts() const;

 private:
  using Bytes = std::vector<uint8_t>;  // least significant first
  static void SetBit(Bytes& bytes, int bit);
  static std::string Hex(const Bytes& bytes);
  static Bytes FromHex(std::string_view digits);
  Bytes top_;
  std::map<int, Bytes> nested_;
};

}  // namespace firn::sandbox
