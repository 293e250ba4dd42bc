// How wide text stands on a terminal, and how it is cut to fit.
#include <algorithm>
#include <array>
#include <cstdint>

#include "app/cli/output/output.h"

namespace firn::cli {
namespace {

struct Range {
  uint32_t first;
  uint32_t last;
};
// East Asian Wide and Fullwidth, and emoji (Unicode 15, EastAsianWidth.txt), merged where letters
// between are unassigned.
constexpr std::array<Range, 12> kWide = {{{0x1100, 0x115F},
                                          {0x2E80, 0x303E},
                                          {0x3041, 0xA4CF},
                                          {0xA960, 0xA97F},
                                          {0xAC00, 0xD7A3},
                                          {0xF900, 0xFAFF},
                                          {0xFE30, 0xFE6F},
                                          {0xFF00, 0xFF60},
                                          {0xFFE0, 0xFFE6},
                                          {0x1F300, 0x1F64F},
                                          {0x1F680, 0x1FAFF},
                                          {0x20000, 0x3FFFD}}};
constexpr std::array<Range, 7> kNoWidth = {{{0x0300, 0x036F},
                                            {0x0483, 0x0489},
                                            {0x0591, 0x05BD},
                                            {0x200B, 0x200F},
                                            {0x20D0, 0x20FF},
                                            {0xFE00, 0xFE0F},
                                            {0xFE20, 0xFE2F}}};

template <size_t N>
bool In(const std::array<Range, N>& ranges, uint32_t letter) {
  return std::any_of(ranges.begin(), ranges.end(), [letter](const Range& range) {
    return letter >= range.first && letter <= range.last;
  });
}

struct Letter {
  uint32_t code = 0xFFFD;
  size_t bytes = 1;
};

// The next code point; a broken byte counts as one letter of one byte.
Letter Next(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 1;
  if (length == 1 || text.size() < length || lead > 0xF4) return {};
  uint32_t code = lead & (0x7FU >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3FU);
  }
  return {code, length};
}

int WidthOf(uint32_t code) {
  if (code < 0x300) return 1;
  if (In(kNoWidth, code)) return 0;
  return In(kWide, code) ? 2 : 1;
}

}  // namespace

int DisplayWidth(std::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const Letter letter = Next(text);
    width += WidthOf(letter.code);
    text.remove_prefix(letter.bytes);
  }
  return width;
}

std::string CutToWidth(std::string_view text, int width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  if (width <= 0) return "";
  std::string out;
  int taken = 0;
  while (!text.empty()) {
    const Letter letter = Next(text);
    const int wide = WidthOf(letter.code);
    if (taken + wide > width - 1) break;
    out.append(text.substr(0, letter.bytes));
    taken += wide;
    text.remove_prefix(letter.bytes);
  }
  return out + "…";
}

}  // namespace firn::cli
