#include "core/base/log_line.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "core/base/encoding.h"
#include "core/base/time_text.h"

namespace firn::log {
namespace {

std::string_view LevelName(Level level) {
  static constexpr std::array<std::string_view, 5> kNames = {"debug", "info", "warn", "error",
                                                             "off"};
  return kNames[static_cast<size_t>(level)];
}

// Between quotes, by JSON's rules; logfmt readers accept the same escapes.
std::string Quoted(std::string_view text) {
  const bool utf8 = IsUtf8(text);
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\u{:04x}", byte);
    } else if (byte >= 0x80 && !utf8) {
      out += "\\ufffd";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

bool IsPlain(std::string_view text) {
  if (text.empty() || !IsUtf8(text)) return false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7F || c == '"' || c == '=' || c == '\\') return false;
  }
  return true;
}

std::string Number(double value, bool json) {
  if (!std::isfinite(value)) return json ? "null" : fmt::format("{}", value);
  return fmt::format("{}", value);
}

std::string ValueText(const Field& field, bool json) {
  if (const auto* text = std::get_if<std::string>(&field.value)) {
    return !json && IsPlain(*text) ? *text : Quoted(*text);
  }
  if (const auto* number = std::get_if<int64_t>(&field.value)) return fmt::format("{}", *number);
  if (const auto* real = std::get_if<double>(&field.value)) return Number(*real, json);
  return std::get<bool>(field.value) ? "true" : "false";
}

}  // namespace

std::string LogfmtLine(UtcMicros time, Level level, std::string_view event,
                       std::initializer_list<Field> fields) {
  std::string line = fmt::format("ts={} level={} event={}", FormatUtc(time), LevelName(level),
                                 IsPlain(event) ? std::string(event) : Quoted(event));
  for (const Field& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    line += ValueText(field, false);
  }
  return line;
}

std::string JsonLine(UtcMicros time, Level level, std::string_view event,
                     std::initializer_list<Field> fields) {
  std::string line = fmt::format("{{\"ts\":\"{}\",\"level\":\"{}\",\"event\":{}", FormatUtc(time),
                                 LevelName(level), Quoted(event));
  for (const Field& field : fields) {
    line += ',';
    line += Quoted(field.key);
    line += ':';
    line += ValueText(field, true);
  }
  return line + "}";
}

}  // namespace firn::log
