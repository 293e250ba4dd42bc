#include "patterns/events/change/bitmap.h"

#include <charconv>

namespace firn::events {
namespace {

// Calls `bit(i)` for each bit that is set. False when a letter is no hexadecimal digit.
template <typename Bit>
bool EachBit(std::string_view digits, Bit&& bit) {
  if (digits.empty()) return false;
  for (size_t i = 0; i < digits.size(); ++i) {
    const char c = digits[digits.size() - 1 - i];
    int nibble = 0;
    if (c >= '0' && c <= '9') {
      nibble = c - '0';
    } else if (c >= 'A' && c <= 'F') {
      nibble = c - 'A' + 10;
    } else if (c >= 'a' && c <= 'f') {
      nibble = c - 'a' + 10;
    } else {
      return false;
    }
    for (size_t b = 0; b < 4; ++b) {
      if ((nibble >> b & 1) != 0) bit(i * 4 + b);
    }
  }
  return true;
}

bool TakePrefix(std::string_view& text) {
  if (!text.starts_with("0x") && !text.starts_with("0X")) return false;
  text.remove_prefix(2);
  return true;
}

struct Bitmap {
  bool nested = false;
  size_t position = 0;
  std::string_view digits;
};

bool Split(std::string_view text, Bitmap& bitmap) {
  const size_t dash = text.find('-');
  if (dash != std::string_view::npos) {
    const char* const end = text.data() + dash;
    const auto parsed = std::from_chars(text.data(), end, bitmap.position);
    if (parsed.ec != std::errc() || parsed.ptr != end) return false;
    bitmap.nested = true;
    text.remove_prefix(dash + 1);
  }
  bitmap.digits = text;
  return TakePrefix(bitmap.digits);
}

}  // namespace

bool MarkTouched(const BitmapFields& plan, const std::vector<std::string_view>& texts, Touch touch,
                 std::vector<Touch>& touched) {
  const auto field_at = [&](size_t position) {
    return position < plan.top.size() ? plan.top[position] : -1;
  };
  const auto has_bits = [&](size_t position) {
    for (const std::string_view text : texts) {
      Bitmap other;
      if (Split(text, other) && other.nested && other.position == position) return true;
    }
    return false;
  };
  for (const std::string_view text : texts) {
    Bitmap bitmap;
    if (!Split(text, bitmap)) return false;
    const bool fine = EachBit(bitmap.digits, [&](size_t bit) {
      const int field = field_at(bitmap.nested ? bitmap.position : bit);
      if (field < 0) return;
      const PlanField& of = plan.fields[static_cast<size_t>(field)];
      if (bitmap.nested) {
        if (bit >= static_cast<size_t>(of.parts)) return;
        touched[static_cast<size_t>(of.first_part) + bit] = touch;
        return;
      }
      if (of.parts > 0 && has_bits(bit)) return;
      touched[static_cast<size_t>(field)] = touch;
      for (int i = 0; i < of.parts; ++i) touched[static_cast<size_t>(of.first_part + i)] = touch;
    });
    if (!fine) return false;
  }
  return true;
}

}  // namespace firn::events
