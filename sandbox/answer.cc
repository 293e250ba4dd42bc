#include "sandbox/answer.h"

#include <fmt/format.h>

#include <ctime>

#include "core/base/time_text.h"

namespace firn::sandbox {
namespace {

// Length of the well-formed UTF-8 sequence at the front of `text`; 0 when it is not one.
size_t SequenceLength(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const size_t length = lead < 0x80   ? 1
                        : lead < 0xC2 ? 0
                        : lead < 0xE0 ? 2
                        : lead < 0xF0 ? 3
                        : lead < 0xF5 ? 4
                                      : 0;
  if (length == 0 || length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (lead == 0xE0 && byte(1) < 0xA0) return 0;
  if (lead == 0xED && byte(1) > 0x9F) return 0;
  if (lead == 0xF0 && byte(1) < 0x90) return 0;
  if (lead == 0xF4 && byte(1) > 0x8F) return 0;
  return length;
}

void AppendEscaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    default:
      break;
  }
  if (static_cast<unsigned char>(c) < 0x20) {
    out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
  } else {
    out += c;
  }
}

}  // namespace

std::string JsonString(std::string_view text) {
  std::string out = "\"";
  out.reserve(text.size() + 2);
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    if (length == 1) {
      AppendEscaped(out, text[0]);
    } else if (length > 1) {
      out.append(text.substr(0, length));
    } else {
      out += "\xEF\xBF\xBD";
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
  return out;
}

Answer JsonAnswer(int status, std::string json) {
  Answer answer;
  answer.status = status;
  answer.headers.Set("Content-Type", "application/json;charset=UTF-8");
  answer.body = std::move(json);
  return answer;
}

Answer NoContent() {
  Answer answer;
  answer.status = 204;
  return answer;
}

Answer ErrorAnswer(const Error& error) {
  const ApiErrorParts parts = PartsOf(error);
  return JsonAnswer(parts.status, "[" + ErrorJson(parts) + "]");
}

std::string ErrorJson(const ApiErrorParts& parts) {
  std::string json =
      "{\"message\":" + JsonString(parts.message) + ",\"errorCode\":" + JsonString(parts.code);
  if (!parts.fields.empty()) {
    json += ",\"fields\":[";
    for (size_t i = 0; i < parts.fields.size(); ++i) {
      if (i > 0) json += ',';
      json += JsonString(parts.fields[i]);
    }
    json += ']';
  }
  return json + "}";
}

Answer ErrorAnswer(int status, std::string_view code, std::string_view message) {
  ApiErrorParts parts;
  parts.status = status;
  parts.code = code;
  parts.message = message;
  return JsonAnswer(status, "[" + ErrorJson(parts) + "]");
}

Answer NotFoundAnswer() {
  return ErrorAnswer(404, "NOT_FOUND", "The requested resource does not exist");
}

Answer MethodNotAllowed(std::string_view method, std::string_view allowed) {
  Answer answer =
      ErrorAnswer(405, "METHOD_NOT_ALLOWED",
                  fmt::format("HTTP Method '{}' not allowed. Allowed are {}", method, allowed));
  answer.headers.Set("Allow", std::string(allowed));
  return answer;
}

Answer OAuthError(std::string_view error, std::string_view description, int status) {
  Answer answer = JsonAnswer(status, "{\"error\":" + JsonString(error) +
                                         ",\"error_description\":" + JsonString(description) + "}");
  answer.headers.Set("Cache-Control", "no-cache, no-store");
  return answer;
}

std::string RestDatetime(UtcMicros time) {
  std::string text = FormatUtc(time, 3);
  text.pop_back();  // Z
  return text + "+0000";
}

std::string HttpDate(UtcMicros time) {
  const time_t seconds =
      std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

UtcMicros ParseHttpDate(const std::string& text) {
  tm parts{};
  if (strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S", &parts) == nullptr) return {};
  return UtcMicros(std::chrono::seconds(timegm(&parts)));
}

}  // namespace firn::sandbox
