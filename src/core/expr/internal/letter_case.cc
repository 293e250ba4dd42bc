#include "core/expr/internal/letter_case.h"

#include <locale.h>
#include <wctype.h>

#include <algorithm>

#include "core/expr/internal/utf8.h"

namespace firn::expr {
namespace {

// Characters whose upper-case form is more than one character.
// Source: Unicode Character Database 15, SpecialCasing.txt (unconditional mappings).
struct Expansion {
  char32_t point;
  std::string_view upper;
};
constexpr Expansion kExpansions[] = {
    // clang-format off
    {0x00DF, "\x53\x53"}, {0x0149, "\xCA\xBC\x4E"}, {0x01F0, "\x4A\xCC\x8C"},
    {0x0390, "\xCE\x99\xCC\x88\xCC\x81"}, {0x03B0, "\xCE\xA5\xCC\x88\xCC\x81"},
    {0x0587, "\xD4\xB5\xD5\x92"}, {0x1E96, "\x48\xCC\xB1"}, {0x1E97, "\x54\xCC\x88"},
    {0x1E98, "\x57\xCC\x8A"}, {0x1E99, "\x59\xCC\x8A"}, {0x1E9A, "\x41\xCA\xBE"},
    {0x1F50, "\xCE\xA5\xCC\x93"}, {0x1F52, "\xCE\xA5\xCC\x93\xCC\x80"},
    {0x1F54, "\xCE\xA5\xCC\x93\xCC\x81"}, {0x1F56, "\xCE\xA5\xCC\x93\xCD\x82"},
    {0x1F80, "\xE1\xBC\x88\xCE\x99"}, {0x1F81, "\xE1\xBC\x89\xCE\x99"},
    {0x1F82, "\xE1\xBC\x8A\xCE\x99"}, {0x1F83, "\xE1\xBC\x8B\xCE\x99"},
    {0x1F84, "\xE1\xBC\x8C\xCE\x99"}, {0x1F85, "\xE1\xBC\x8D\xCE\x99"},
    {0x1F86, "\xE1\xBC\x8E\xCE\x99"}, {0x1F87, "\xE1\xBC\x8F\xCE\x99"},
    {0x1F88, "\xE1\xBC\x88\xCE\x99"}, {0x1F89, "\xE1\xBC\x89\xCE\x99"},
    {0x1F8A, "\xE1\xBC\x8A\xCE\x99"}, {0x1F8B, "\xE1\xBC\x8B\xCE\x99"},
    {0x1F8C, "\xE1\xBC\x8C\xCE\x99"}, {0x1F8D, "\xE1\xBC\x8D\xCE\x99"},
    {0x1F8E, "\xE1\xBC\x8E\xCE\x99"}, {0x1F8F, "\xE1\xBC\x8F\xCE\x99"},
    {0x1F90, "\xE1\xBC\xA8\xCE\x99"}, {0x1F91, "\xE1\xBC\xA9\xCE\x99"},
    {0x1F92, "\xE1\xBC\xAA\xCE\x99"}, {0x1F93, "\xE1\xBC\xAB\xCE\x99"},
    {0x1F94, "\xE1\xBC\xAC\xCE\x99"}, {0x1F95, "\xE1\xBC\xAD\xCE\x99"},
    {0x1F96, "\xE1\xBC\xAE\xCE\x99"}, {0x1F97, "\xE1\xBC\xAF\xCE\x99"},
    {0x1F98, "\xE1\xBC\xA8\xCE\x99"}, {0x1F99, "\xE1\xBC\xA9\xCE\x99"},
    {0x1F9A, "\xE1\xBC\xAA\xCE\x99"}, {0x1F9B, "\xE1\xBC\xAB\xCE\x99"},
    {0x1F9C, "\xE1\xBC\xAC\xCE\x99"}, {0x1F9D, "\xE1\xBC\xAD\xCE\x99"},
    {0x1F9E, "\xE1\xBC\xAE\xCE\x99"}, {0x1F9F, "\xE1\xBC\xAF\xCE\x99"},
    {0x1FA0, "\xE1\xBD\xA8\xCE\x99"}, {0x1FA1, "\xE1\xBD\xA9\xCE\x99"},
    {0x1FA2, "\xE1\xBD\xAA\xCE\x99"}, {0x1FA3, "\xE1\xBD\xAB\xCE\x99"},
    {0x1FA4, "\xE1\xBD\xAC\xCE\x99"}, {0x1FA5, "\xE1\xBD\xAD\xCE\x99"},
    {0x1FA6, "\xE1\xBD\xAE\xCE\x99"}, {0x1FA7, "\xE1\xBD\xAF\xCE\x99"},
    {0x1FA8, "\xE1\xBD\xA8\xCE\x99"}, {0x1FA9, "\xE1\xBD\xA9\xCE\x99"},
    {0x1FAA, "\xE1\xBD\xAA\xCE\x99"}, {0x1FAB, "\xE1\xBD\xAB\xCE\x99"},
    {0x1FAC, "\xE1\xBD\xAC\xCE\x99"}, {0x1FAD, "\xE1\xBD\xAD\xCE\x99"},
    {0x1FAE, "\xE1\xBD\xAE\xCE\x99"}, {0x1FAF, "\xE1\xBD\xAF\xCE\x99"},
    {0x1FB2, "\xE1\xBE\xBA\xCE\x99"}, {0x1FB3, "\xCE\x91\xCE\x99"}, {0x1FB4, "\xCE\x86\xCE\x99"},
    {0x1FB6, "\xCE\x91\xCD\x82"}, {0x1FB7, "\xCE\x91\xCD\x82\xCE\x99"},
    {0x1FBC, "\xCE\x91\xCE\x99"}, {0x1FC2, "\xE1\xBF\x8A\xCE\x99"}, {0x1FC3, "\xCE\x97\xCE\x99"},
    {0x1FC4, "\xCE\x89\xCE\x99"}, {0x1FC6, "\xCE\x97\xCD\x82"},
    {0x1FC7, "\xCE\x97\xCD\x82\xCE\x99"}, {0x1FCC, "\xCE\x97\xCE\x99"},
    {0x1FD2, "\xCE\x99\xCC\x88\xCC\x80"}, {0x1FD3, "\xCE\x99\xCC\x88\xCC\x81"},
    {0x1FD6, "\xCE\x99\xCD\x82"}, {0x1FD7, "\xCE\x99\xCC\x88\xCD\x82"},
    {0x1FE2, "\xCE\xA5\xCC\x88\xCC\x80"}, {0x1FE3, "\xCE\xA5\xCC\x88\xCC\x81"},
    {0x1FE4, "\xCE\xA1\xCC\x93"}, {0x1FE6, "\xCE\xA5\xCD\x82"},
    {0x1FE7, "\xCE\xA5\xCC\x88\xCD\x82"}, {0x1FF2, "\xE1\xBF\xBA\xCE\x99"},
    {0x1FF3, "\xCE\xA9\xCE\x99"}, {0x1FF4, "\xCE\x8F\xCE\x99"}, {0x1FF6, "\xCE\xA9\xCD\x82"},
    {0x1FF7, "\xCE\xA9\xCD\x82\xCE\x99"}, {0x1FFC, "\xCE\xA9\xCE\x99"}, {0xFB00, "\x46\x46"},
    {0xFB01, "\x46\x49"}, {0xFB02, "\x46\x4C"}, {0xFB03, "\x46\x46\x49"},
    {0xFB04, "\x46\x46\x4C"}, {0xFB05, "\x53\x54"}, {0xFB06, "\x53\x54"},
    {0xFB13, "\xD5\x84\xD5\x86"}, {0xFB14, "\xD5\x84\xD4\xB5"}, {0xFB15, "\xD5\x84\xD4\xBB"},
    {0xFB16, "\xD5\x8E\xD5\x86"}, {0xFB17, "\xD5\x84\xD4\xBD"},
    // clang-format on
};
constexpr char32_t kDottedCapitalI = 0x130;  // its lower-case form is two characters

// Unicode's simple mappings, whatever locale the process runs in.
locale_t Utf8Locale() {
  static const locale_t kLocale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return kLocale;
}

std::string UpperOf(char32_t point, std::string_view bytes) {
  if (point < 0x80) {
    const char c = static_cast<char>(point);
    return std::string(1, c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c);
  }
  const auto* known = std::lower_bound(std::begin(kExpansions), std::end(kExpansions), point,
                                       [](const Expansion& e, char32_t p) { return e.point < p; });
  if (known != std::end(kExpansions) && known->point == point) return std::string(known->upper);
  std::string out;
  const auto upper = static_cast<char32_t>(towupper_l(static_cast<wint_t>(point), Utf8Locale()));
  if (upper == point) return std::string(bytes);
  AppendUtf8(upper, out);
  return out;
}

std::string LowerOf(char32_t point, std::string_view bytes) {
  if (point < 0x80) {
    const char c = static_cast<char>(point);
    return std::string(1, c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
  }
  if (point == kDottedCapitalI) return "i\xCC\x87";
  std::string out;
  const auto lower = static_cast<char32_t>(towlower_l(static_cast<wint_t>(point), Utf8Locale()));
  if (lower == point) return std::string(bytes);
  AppendUtf8(lower, out);
  return out;
}

size_t LengthOf(unsigned char first) {
  if (first < 0xC0) return 1;
  if (first < 0xE0) return 2;
  return first < 0xF0 ? 3 : 4;
}

// Calls `visit` with each character of `text` and its bytes; bytes that are no UTF-8 stand alone.
template <typename Visit>
void EachCharacter(std::string_view text, Visit visit) {
  for (size_t at = 0; at < text.size();) {
    const auto first = static_cast<unsigned char>(text[at]);
    const size_t length = std::min(LengthOf(first), text.size() - at);
    char32_t point = length == 1 ? first : first & (0xFF >> (length + 1));
    for (size_t i = 1; i < length; ++i) {
      point = point << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3F);
    }
    visit(point, text.substr(at, length));
    at += length;
  }
}

}  // namespace

CaselessText::CaselessText(std::string_view text) {
  EachCharacter(text, [&](char32_t point, std::string_view bytes) {
    forms_.push_back({LowerOf(point, bytes), UpperOf(point, bytes)});
  });
}

std::optional<size_t> CaselessText::MatchPrefix(std::string_view text) const {
  size_t at = 0;
  for (const Forms& form : forms_) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with(form.lower)) {
      at += form.lower.size();
    } else if (rest.starts_with(form.upper)) {
      at += form.upper.size();
    } else {
      return std::nullopt;
    }
  }
  return at;
}

bool CaselessText::MatchesEnd(std::string_view text) const {
  size_t end = text.size();
  for (auto form = forms_.rbegin(); form != forms_.rend(); ++form) {
    const std::string_view rest = text.substr(0, end);
    if (rest.ends_with(form->lower)) {
      end -= form->lower.size();
    } else if (rest.ends_with(form->upper)) {
      end -= form->upper.size();
    } else {
      return false;
    }
  }
  return true;
}

std::string FoldCase(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  const bool ascii = std::all_of(text.begin(), text.end(),
                                 [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (ascii) {
    for (const char c : text) out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return out;
  }
  // Lower, upper, lower again: so that both forms of every character meet, U+1E9E included.
  const auto map = [](std::string_view from, auto form) {
    std::string mapped;
    EachCharacter(from, [&](char32_t p, std::string_view bytes) { mapped += form(p, bytes); });
    return mapped;
  };
  out = map(map(map(text, LowerOf), UpperOf), LowerOf);
  return out;
}

}  // namespace firn::expr
