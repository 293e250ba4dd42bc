#include "patterns/events/json_text.h"

#include "core/base/encoding.h"

namespace firn::events {
namespace {

bool IsPlain(unsigned char c) { return c >= 0x20 && c != '"' && c != '\\' && c < 0x80; }

void AppendEscaped(char c, std::string& json) {
  constexpr char kDigits[] = "0123456789abcdef";
  json += "\\u00";
  json.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
  json.push_back(kDigits[c & 0xf]);
}

// Bytes of the UTF-8 letter that begins at `at`; 0 when none does.
size_t LetterBytes(std::string_view text, size_t at) {
  for (size_t bytes = 2; bytes <= 4 && at + bytes <= text.size(); ++bytes) {
    if (IsUtf8(text.substr(at, bytes))) return bytes;
  }
  return 0;
}

}  // namespace

void AppendJsonText(std::string_view text, std::string& json) {
  json.push_back('"');
  for (size_t at = 0; at < text.size();) {
    size_t plain = at;
    while (plain < text.size() && IsPlain(static_cast<unsigned char>(text[plain]))) ++plain;
    json.append(text.substr(at, plain - at));
    at = plain;
    if (at == text.size()) break;
    const char c = text[at];
    if (static_cast<unsigned char>(c) >= 0x80) {
      const size_t bytes = LetterBytes(text, at);
      json += bytes == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(at, bytes);
      at += bytes == 0 ? 1 : bytes;
      continue;
    }
    if (c == '"' || c == '\\') {
      json.push_back('\\');
      json.push_back(c);
    } else {
      AppendEscaped(c, json);
    }
    ++at;
  }
  json.push_back('"');
}

}  // namespace firn::events
