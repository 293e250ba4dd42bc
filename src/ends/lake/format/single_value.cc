#include "ends/lake/format/single_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "core/base/encoding.h"
#include "core/base/time_text.h"

namespace firn::lake {
namespace {

using record::TypeId;

template <typename T>
std::string LittleEndian(T value) {
  std::string out(sizeof(T), '\0');
  std::memcpy(out.data(), &value, sizeof(T));
  return out;
}

template <typename T>
std::optional<T> FromLittleEndian(std::string_view bytes) {
  if (bytes.size() != sizeof(T)) return {};
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

size_t CodePointBytes(char lead) {
  const auto byte = static_cast<uint8_t>(lead);
  return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

// Bytes of the first `code_points` of text.
size_t PrefixBytes(std::string_view text, size_t code_points) {
  size_t at = 0;
  while (code_points-- > 0 && at < text.size())
    at = std::min(text.size(), at + CodePointBytes(text[at]));
  return at;
}

uint32_t DecodePoint(std::string_view bytes) {
  static constexpr uint8_t kLeadMask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
  uint32_t point = static_cast<uint8_t>(bytes[0]) & kLeadMask[bytes.size()];
  for (size_t i = 1; i < bytes.size(); ++i)
    point = (point << 6) | (static_cast<uint8_t>(bytes[i]) & 0x3f);
  return point;
}

void AppendPoint(std::string& out, uint32_t point) {
  if (point < 0x80) {
    out.push_back(static_cast<char>(point));
    return;
  }
  const int trailing = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  static constexpr uint8_t kLead[] = {0, 0xc0, 0xe0, 0xf0};
  out.push_back(static_cast<char>(kLead[trailing] | (point >> (6 * trailing))));
  for (int i = trailing - 1; i >= 0; --i)
    out.push_back(static_cast<char>(0x80 | ((point >> (6 * i)) & 0x3f)));
}

std::string UuidText(std::string_view bytes) {
  std::string hex = Hex(bytes);
  for (const size_t at : {20, 16, 12, 8}) hex.insert(at, "-");
  return hex;
}

std::string TimestampText(int64_t value, const record::Type& type) {
  const bool fine = InNanoseconds(type);
  const int64_t rest = fine ? (value % 1000 + 1000) % 1000 : 0;
  const int64_t micros = fine ? value / 1000 - (value % 1000 < 0 ? 1 : 0) : value;
  std::string text = FormatUtc(UtcMicros(std::chrono::microseconds(micros)), 6);
  if (fine) text.insert(text.size() - 1, fmt::format("{:03}", rest));
  if (type.id == TypeId::kTimestamp) text.pop_back();
  return text;
}

std::string TimeText(int64_t micros) {
  const int64_t seconds = micros / 1'000'000;
  return fmt::format("{:02}:{:02}:{:02}.{:06}", seconds / 3600, seconds / 60 % 60, seconds % 60,
                     micros % 1'000'000);
}

std::string DateText(int64_t days) {
  return FormatDate(std::chrono::sys_days(std::chrono::days(days)));
}

std::optional<std::string> DecimalBytesText(std::string_view bytes, int scale) {
  if (bytes.empty() || bytes.size() > 16) return {};
  __int128 value = static_cast<int8_t>(bytes[0]) < 0 ? -1 : 0;
  for (const char byte : bytes)
    value = static_cast<__int128>((static_cast<unsigned __int128>(value) << 8) |
                                  static_cast<uint8_t>(byte));
  return DecimalText(value, scale);
}

std::optional<std::string> TryText(const record::Type& type, std::string_view bytes) {
  const std::optional<int64_t> number = SingleToLong(bytes);
  switch (type.id) {
    case TypeId::kBoolean:
      if (bytes.size() != 1) return {};
      return bytes[0] != 0 ? "true" : "false";
    case TypeId::kInt:
    case TypeId::kLong:
      if (!number) return {};
      return std::to_string(*number);
    case TypeId::kFloat:
    case TypeId::kDouble:
      if (const auto single = FromLittleEndian<float>(bytes)) return fmt::format("{}", *single);
      if (const auto real = FromLittleEndian<double>(bytes)) return fmt::format("{}", *real);
      return {};
    case TypeId::kDecimal:
      return DecimalBytesText(bytes, type.scale);
    case TypeId::kDate:
      if (!number) return {};
      return DateText(*number);
    case TypeId::kTime:
      if (!number || *number < 0) return {};
      return TimeText(*number);
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      if (!number) return {};
      return TimestampText(*number, type);
    case TypeId::kUuid:
      if (bytes.size() != 16) return {};
      return UuidText(bytes);
    case TypeId::kString:
      if (!IsUtf8(bytes)) return {};
      return std::string(bytes);
    default:
      return {};
  }
}

}  // namespace

bool InNanoseconds(const record::Type& type) {
  return (type.id == TypeId::kTimestamp || type.id == TypeId::kTimestamptz) &&
         type.precision == kNanosecondDigits;
}

std::string SingleBool(bool value) { return std::string(1, value ? '\1' : '\0'); }
std::string SingleInt(int32_t value) { return LittleEndian(value); }
std::string SingleLong(int64_t value) { return LittleEndian(value); }
std::string SingleFloat(float value) { return LittleEndian(value); }
std::string SingleDouble(double value) { return LittleEndian(value); }

std::string SingleDecimal(int64_t high, uint64_t low) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<char>(static_cast<uint64_t>(high) >> shift));
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(low >> shift));
  size_t skip = 0;
  // A leading byte may go as long as the next one carries the same sign.
  while (skip < 15) {
    const auto byte = static_cast<uint8_t>(bytes[skip]);
    const bool negative = static_cast<int8_t>(bytes[skip + 1]) < 0;
    if (byte != (negative ? 0xff : 0x00)) break;
    ++skip;
  }
  return bytes.substr(skip);
}

std::string TruncateText(std::string_view text, size_t code_points) {
  return std::string(text.substr(0, PrefixBytes(text, code_points)));
}

std::optional<std::string> TruncateTextUp(std::string_view text, size_t code_points) {
  std::string prefix = TruncateText(text, code_points);
  if (prefix.size() == text.size()) return prefix;
  while (!prefix.empty()) {
    size_t last = prefix.size() - 1;
    while (last > 0 && (static_cast<uint8_t>(prefix[last]) & 0xc0) == 0x80) --last;
    uint32_t point = DecodePoint(std::string_view(prefix).substr(last)) + 1;
    // U+D800..U+DFFF are no code points of text.
    if (point == 0xd800) point = 0xe000;
    prefix.resize(last);
    if (point <= 0x10ffff) {
      AppendPoint(prefix, point);
      return prefix;
    }
  }
  return {};
}

std::optional<int64_t> SingleToLong(std::string_view bytes) {
  if (const auto small = FromLittleEndian<int32_t>(bytes)) return *small;
  return FromLittleEndian<int64_t>(bytes);
}

std::string DecimalText(__int128 unscaled, int scale) {
  const bool negative = unscaled < 0;
  auto rest = negative ? -static_cast<unsigned __int128>(unscaled)
                       : static_cast<unsigned __int128>(unscaled);
  std::string digits;
  for (int i = 0; rest != 0 || i <= scale; ++i) {
    if (i == scale && scale > 0) digits.push_back('.');
    digits.push_back(static_cast<char>('0' + static_cast<int>(rest % 10)));
    rest /= 10;
  }
  if (negative) digits.push_back('-');
  std::reverse(digits.begin(), digits.end());
  return digits;
}

std::string SingleText(const record::Type& type, std::string_view bytes) {
  return TryText(type, bytes).value_or(Hex(bytes));
}

}  // namespace firn::lake
