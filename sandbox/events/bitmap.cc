#include "sandbox/events/bitmap.h"

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
