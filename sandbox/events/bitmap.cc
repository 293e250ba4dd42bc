#include "sandbox/events/bitmap.h"

#include <charconv>

namespace firn::sandbox {

void FieldBitmap::SetBit(Bytes& bytes, int bit) {
  const size_t at = static_cast<size_t>(bit) / 8;
  if (bytes.size() <= at) bytes.resize(at + 1, 0);
  bytes[at] = static_cast<uint8_t>(bytes[at] | (1U << (bit % 8)));
}

std::string FieldBitmap::Hex(const Bytes& bytes) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string text = "0x";
  for (size_t i = bytes.size(); i-- > 0;) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

FieldBitmap::Bytes FieldBitmap::FromHex(std::string_view digits) {
  Bytes bytes;
  for (size_t end = digits.size(); end >= 2; end -= 2) {
    uint8_t byte = 0;
    const char* const at = digits.data() + end - 2;
    if (std::from_chars(at, at + 2, byte, 16).ptr != at + 2) return {};
    bytes.push_back(byte);
  }
  return bytes;
}

FieldBitmap FieldBitmap::Of(std::span<const std::string_view> texts) {
  FieldBitmap map;
  for (const std::string_view text : texts) {
    const size_t hex = text.find("0x");
    if (hex == std::string_view::npos) continue;
    Bytes bytes = FromHex(text.substr(hex + 2));
    int position = 0;
    if (hex == 0) {
      map.top_ = std::move(bytes);
    } else if (std::from_chars(text.data(), text.data() + hex - 1, position).ec == std::errc()) {
      map.nested_[position] = std::move(bytes);
    }
  }
  return map;
}

bool FieldBitmap::Has(EventPlace place) const {
  const Bytes* bytes = &top_;
  int bit = place.position;
  if (place.part >= 0) {
    const auto found = nested_.find(place.position);
    if (found == nested_.end()) return false;
    bytes = &found->second;
    bit = place.part;
  }
  if (bit < 0) return false;
  const size_t at = static_cast<size_t>(bit) / 8;
  return at < bytes->size() && ((*bytes)[at] >> (bit % 8) & 1) != 0;
}

void FieldBitmap::Set(EventPlace place) {
  if (place.position < 0) return;
  SetBit(place.part < 0 ? top_ : nested_[place.position],
         place.part < 0 ? place.position : place.part);
}

std::vector<std::string> FieldBitmap::Texts() const {
  std::vector<std::string> texts;
  if (!top_.empty()) texts.push_back(Hex(top_));
  for (const auto& [position, bytes] : nested_) {
    texts.push_back(std::to_string(position) + "-" + Hex(bytes));
  }
  return texts;
}

}  // namespace firn::sandbox
