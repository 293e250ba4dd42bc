// Simple case folding of the letters that SOQL comparisons meet: ASCII, Latin, Greek, Cyrillic.
// Source: Unicode CaseFolding.txt 15.0, status C, for U+0000..U+052F and U+1E00..U+1EFF.
#include "sandbox/text.h"
#include "sandbox/value.h"

namespace firn::sandbox {
namespace {

uint32_t FoldCodePoint(uint32_t c) {
  if (c < 0xc0) return c == 0xb5 ? 0x3bc : c;
  if (c <= 0xde) return c == 0xd7 ? c : c + 32;
  if (c < 0x100) return c;
  if (c < 0x180) {
    if (c == 0x130 || c == 0x149) return c;
    if (c == 0x178) return 0xff;
    if (c == 0x17f) return 's';
    const bool odd_is_upper = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e);
    return (c & 1) == (odd_is_upper ? 1U : 0U) ? c + 1 : c;
  }
  if (c >= 0x391 && c <= 0x3ab && c != 0x3a2) return c + 32;
  if (c == 0x3c2) return 0x3c3;
  if (c >= 0x388 && c <= 0x38a) return c + 37;
  switch (c) {
    case 0x386:
      return 0x3ac;
    case 0x38c:
      return 0x3cc;
    case 0x38e:
    case 0x38f:
      return c + 63;
    default:
      break;
  }
  if (c >= 0x400 && c <= 0x40f) return c + 80;
  if (c >= 0x410 && c <= 0x42f) return c + 32;
  if ((c >= 0x460 && c <= 0x481) || (c >= 0x48a && c <= 0x4bf) || (c >= 0x4d0 && c <= 0x52f)) {
    return c | 1;
  }
  if ((c >= 0x1e00 && c <= 0x1e95) || (c >= 0x1ea0 && c <= 0x1eff)) return c | 1;
  return c;
}

}  // namespace

void AppendFolded(std::string_view text, std::string& out) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto lead = static_cast<uint8_t>(text[i]);
    if (lead < 0x80) {
      out += lead >= 'A' && lead <= 'Z' ? static_cast<char>(lead + 32) : text[i];
      continue;
    }
    const int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    if (i + more >= text.size() || lead >= 0xf0 || lead < 0xc2) {
      out += text[i];  // beyond the folded blocks, or not UTF-8: byte by byte as it is
      continue;
    }
    uint32_t c = more == 2 ? lead & 0x0f : lead & 0x1f;
    for (int k = 1; k <= more; ++k) c = c << 6 | (static_cast<uint8_t>(text[i + k]) & 0x3f);
    const uint32_t folded = FoldCodePoint(c);
    if (folded == c) {
      out.append(text, i, more + 1);
    } else {
      AppendUtf8(folded, out);
    }
    i += more;
  }
}

std::string Folded(std::string_view text) {
  std::string folded;
  folded.reserve(text.size());
  AppendFolded(text, folded);
  return folded;
}

}  // namespace firn::sandbox
