#include "core/base/encoding.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace firn {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kUpperHexDigits = "0123456789ABCDEF";
constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlSafe =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

tl::unexpected<Error> Bad(std::string what) {
  return Fail(Kind::kBadInput, "BASE-ENC-001", std::move(what));
}

std::string Encode64(std::string_view bytes, std::string_view alphabet, bool pad) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t have = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < have ? static_cast<uint8_t>(bytes[i + k]) : 0U);
    }
    for (size_t k = 0; k <= have; ++k) out += alphabet[group >> (18 - 6 * k) & 63];
    if (pad) out.append(3 - have, '=');
  }
  return out;
}

std::array<int8_t, 256> Inverse(std::string_view alphabet) {
  std::array<int8_t, 256> inverse{};
  inverse.fill(-1);
  for (size_t i = 0; i < alphabet.size(); ++i) {
    inverse[static_cast<uint8_t>(alphabet[i])] = static_cast<int8_t>(i);
  }
  return inverse;
}

// `text` without padding. Bits past the last byte must be zero: two texts never mean one value.
Result<std::string> Decode64(std::string_view text, const std::array<int8_t, 256>& inverse) {
  if (text.size() % 4 == 1) return Bad("base64 text of an impossible length");
  std::string out;
  out.reserve(text.size() * 3 / 4);
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = inverse[static_cast<uint8_t>(c)];
    if (value < 0) return Bad("a character that is not of the base64 alphabet");
    bits = bits << 6 | static_cast<uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> count & 0xFF);
    }
  }
  if ((bits & ((1U << count) - 1)) != 0) return Bad("base64 text with stray bits at its end");
  return out;
}

bool IsUnreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

}  // namespace

std::string Hex(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    out += kHexDigits[static_cast<uint8_t>(c) >> 4];
    out += kHexDigits[static_cast<uint8_t>(c) & 15];
  }
  return out;
}

Result<std::string> FromHex(std::string_view text) {
  if (text.size() % 2 != 0) return Bad("hex text of odd length");
  std::string out;
  out.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = HexValue(text[i]);
    const int low = HexValue(text[i + 1]);
    if (high < 0 || low < 0) return Bad("a character that is not a hex digit");
    out += static_cast<char>(high << 4 | low);
  }
  return out;
}

std::string Base64(std::string_view bytes) { return Encode64(bytes, kStandard, true); }

Result<std::string> FromBase64(std::string_view text) {
  static const auto kInverse = Inverse(kStandard);
  if (text.size() % 4 != 0) return Bad("base64 text whose length is not a multiple of four");
  for (int i = 0; i < 2 && !text.empty() && text.back() == '='; ++i) text.remove_suffix(1);
  return Decode64(text, kInverse);
}

std::string Base64Url(std::string_view bytes) { return Encode64(bytes, kUrlSafe, false); }

Result<std::string> FromBase64Url(std::string_view text) {
  static const auto kInverse = Inverse(kUrlSafe);
  return Decode64(text, kInverse);
}

std::string PercentEncode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (IsUnreserved(c)) {
      out += c;
    } else {
      out += '%';
      out += kUpperHexDigits[static_cast<uint8_t>(c) >> 4];
      out += kUpperHexDigits[static_cast<uint8_t>(c) & 15];
    }
  }
  return out;
}

Result<std::string> PercentDecode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = i + 2 < text.size() ? HexValue(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? HexValue(text[i + 2]) : -1;
      if (high < 0 || low < 0) return Bad("a `%` that is not followed by two hex digits");
      out += static_cast<char>(high << 4 | low);
      i += 2;
    }
  }
  return out;
}

std::string FormEncode(const FormFields& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    if (!out.empty()) out += '&';
    out += PercentEncode(name) + "=" + PercentEncode(value);
  }
  return out;
}

Result<FormFields> FormDecode(std::string_view body) {
  FormFields fields;
  while (!body.empty()) {
    const size_t end = std::min(body.find('&'), body.size());
    const std::string_view piece = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    if (piece.empty()) continue;
    const size_t equals = std::min(piece.find('='), piece.size());
    FIRN_TRY(auto name, PercentDecode(piece.substr(0, equals), true));
    const auto rest = equals < piece.size() ? piece.substr(equals + 1) : std::string_view();
    FIRN_TRY(auto value, PercentDecode(rest, true));
    fields.emplace_back(std::move(name), std::move(value));
  }
  return fields;
}

bool IsUtf8(std::string_view bytes) {
  const auto* at = reinterpret_cast<const uint8_t*>(bytes.data());
  const auto* end = at + bytes.size();
  while (at < end) {
    uint64_t eight = 0;
    while (end - at >= 8 && (std::memcpy(&eight, at, 8), (eight & 0x8080808080808080ULL) == 0)) {
      at += 8;
    }
    if (at == end) return true;
    const uint8_t lead = *at++;
    if (lead < 0x80) continue;
    // The second byte's range rules out overlong forms, surrogates and what is past U+10FFFF
    // (Unicode 15, table 3-7).
    int more = 0;
    uint8_t low = 0x80;
    uint8_t high = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
      more = 1;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
      more = 2;
      if (lead == 0xE0) low = 0xA0;
      if (lead == 0xED) high = 0x9F;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
      more = 3;
      if (lead == 0xF0) low = 0x90;
      if (lead == 0xF4) high = 0x8F;
    } else {
      return false;
    }
    if (end - at < more || *at < low || *at > high) return false;
    for (int i = 1; i < more; ++i) {
      if (at[i] < 0x80 || at[i] > 0xBF) return false;
    }
    at += more;
  }
  return true;
}

}  // namespace firn
