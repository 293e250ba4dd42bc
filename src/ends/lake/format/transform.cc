#include "ends/lake/format/transform.h"

#include <bit>
#include <charconv>
#include <cstring>

#include "ends/lake/format/single_value.h"

namespace firn::lake {
namespace {

using record::Type;
using record::TypeId;
using Kind = Transform::Kind;

constexpr int64_t kHourUs = 3'600'000'000;
constexpr int64_t kDayUs = 24 * kHourUs;

// `bucket[16]` for the prefix `bucket`; 0 when it is not one.
int WidthOf(std::string_view text, std::string_view prefix) {
  if (!text.starts_with(prefix) || !text.ends_with(']')) return 0;
  text.remove_prefix(prefix.size());
  if (!text.starts_with('[')) return 0;
  text = text.substr(1, text.size() - 2);
  int width = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), width);
  return error == std::errc() && at == text.data() + text.size() && width > 0 ? width : 0;
}

Type Plain(TypeId id) {
  Type type;
  type.id = id;
  return type;
}

int64_t FloorDivide(int64_t value, int64_t by) {
  const int64_t quotient = value / by;
  return value % by < 0 ? quotient - 1 : quotient;
}

struct Month {
  int64_t year = 0;
  int64_t month = 0;  // from 0
};
// Source: the proleptic Gregorian calendar, by eras of 400 years that begin in March.
Month MonthOfDay(int64_t days) {
  constexpr int64_t kEraDays = 146'097;
  const int64_t shifted = days + 719'468;
  const int64_t era = FloorDivide(shifted, kEraDays);
  const int64_t day = shifted - era * kEraDays;
  const int64_t year = (day - day / 1460 + day / 36'524 - day / 146'096) / 365;
  const int64_t day_of_year = day - (365 * year + year / 4 - year / 100);
  const int64_t from_march = (5 * day_of_year + 2) / 153;
  const int64_t month = from_march < 10 ? from_march + 2 : from_march - 10;
  return {year + era * 400 + (month < 2 ? 1 : 0), month};
}

bool IsInstant(const Type& type) {
  return type.id == TypeId::kTimestamp || type.id == TypeId::kTimestamptz;
}

// Years, months, days or hours since 1970.
std::optional<std::string> Calendar(Kind kind, const Type& source, int64_t value) {
  const int64_t unit = InNanoseconds(source) ? 1000 : 1;  // of a microsecond
  const int64_t days = IsInstant(source) ? FloorDivide(value, kDayUs * unit) : value;
  switch (kind) {
    case Kind::kHour:
      return SingleInt(static_cast<int32_t>(FloorDivide(value, kHourUs * unit)));
    case Kind::kDay:
      return SingleInt(static_cast<int32_t>(days));
    case Kind::kMonth: {
      const Month month = MonthOfDay(days);
      return SingleInt(static_cast<int32_t>((month.year - 1970) * 12 + month.month));
    }
    default:
      return SingleInt(static_cast<int32_t>(MonthOfDay(days).year - 1970));
  }
}

__int128 DecimalOf(std::string_view bytes) {
  __int128 value = !bytes.empty() && static_cast<int8_t>(bytes[0]) < 0 ? -1 : 0;
  for (const char byte : bytes)
    value = static_cast<__int128>(static_cast<unsigned __int128>(value) << 8 |
                                  static_cast<uint8_t>(byte));
  return value;
}

std::string DecimalBytes(__int128 value) {
  return SingleDecimal(static_cast<int64_t>(value >> 64), static_cast<uint64_t>(value));
}

std::optional<std::string> Truncated(int width, const Type& source, const std::string& value) {
  switch (source.id) {
    case TypeId::kInt:
    case TypeId::kLong: {
      const int64_t number = SingleToLong(value).value_or(0);
      const int64_t rest = ((number % width) + width) % width;
      // Below the least number there is none: it wraps round, as the reference does.
      const auto floor =
          static_cast<int64_t>(static_cast<uint64_t>(number) - static_cast<uint64_t>(rest));
      return source.id == TypeId::kInt ? SingleInt(static_cast<int32_t>(floor)) : SingleLong(floor);
    }
    case TypeId::kDecimal: {
      const __int128 number = DecimalOf(value);
      return DecimalBytes(number - ((number % width) + width) % width);
    }
    case TypeId::kString:
      return TruncateText(value, static_cast<size_t>(width));
    default:
      return value.substr(0, static_cast<size_t>(width));
  }
}

// What of a value is hashed: appendix B. Nanoseconds are hashed as microseconds, so that a time has
// one bucket whatever its precision.
std::string HashedBytes(const Type& source, const std::string& value) {
  if (InNanoseconds(source)) return SingleLong(FloorDivide(SingleToLong(value).value_or(0), 1000));
  switch (source.id) {
    case TypeId::kInt:
    case TypeId::kLong:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      return SingleLong(SingleToLong(value).value_or(0));
    case TypeId::kDecimal:
      return DecimalBytes(DecimalOf(value));
    default:
      return value;
  }
}

}  // namespace

uint32_t Murmur3(std::string_view bytes) {
  constexpr uint32_t kFirst = 0xcc9e2d51;
  constexpr uint32_t kSecond = 0x1b873593;
  uint32_t hash = 0;
  size_t at = 0;
  for (; at + 4 <= bytes.size(); at += 4) {
    uint32_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    hash ^= std::rotl(word * kFirst, 15) * kSecond;
    hash = std::rotl(hash, 13) * 5 + 0xe6546b64;
  }
  uint32_t tail = 0;
  for (size_t i = bytes.size(); i > at; --i) tail = tail << 8 | static_cast<uint8_t>(bytes[i - 1]);
  if (at < bytes.size()) hash ^= std::rotl(tail * kFirst, 15) * kSecond;
  hash ^= static_cast<uint32_t>(bytes.size());
  hash = (hash ^ hash >> 16) * 0x85ebca6b;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35;
  return hash ^ hash >> 16;
}

Transform ParseTransform(std::string_view text) {
  if (text == "identity") return {Kind::kIdentity, 0};
  if (text == "year") return {Kind::kYear, 0};
  if (text == "month") return {Kind::kMonth, 0};
  if (text == "day") return {Kind::kDay, 0};
  if (text == "hour") return {Kind::kHour, 0};
  if (text == "void") return {Kind::kVoid, 0};
  if (const int width = WidthOf(text, "bucket"); width > 0) return {Kind::kBucket, width};
  if (const int width = WidthOf(text, "truncate"); width > 0) return {Kind::kTruncate, width};
  return {};
}

bool AppliesTo(const Transform& transform, const Type& source) {
  if (!source.children.empty() || source.id == TypeId::kStruct) return false;
  const bool calendar = source.id == TypeId::kDate || IsInstant(source);
  switch (transform.kind) {
    case Kind::kIdentity:
    case Kind::kVoid:
      return true;
    case Kind::kBucket:
      return source.id != TypeId::kBoolean && source.id != TypeId::kFloat &&
             source.id != TypeId::kDouble;
    case Kind::kTruncate:
      return source.id == TypeId::kInt || source.id == TypeId::kLong ||
             source.id == TypeId::kDecimal || source.id == TypeId::kString ||
             source.id == TypeId::kBinary;
    case Kind::kYear:
    case Kind::kMonth:
    case Kind::kDay:
      return calendar;
    case Kind::kHour:
      return IsInstant(source);
    case Kind::kUnknown:
      break;
  }
  return false;
}

Type ResultType(const Transform& transform, const Type& source) {
  switch (transform.kind) {
    case Kind::kIdentity:
    case Kind::kTruncate:
    case Kind::kVoid:
      return source;
    // The spec says int; date is the same number, and what every engine writes.
    case Kind::kDay:
      return Plain(TypeId::kDate);
    case Kind::kBucket:
    case Kind::kYear:
    case Kind::kMonth:
    case Kind::kHour:
      return Plain(TypeId::kInt);
    case Kind::kUnknown:
      break;
  }
  return Plain(TypeId::kString);
}

std::optional<std::string> Transformed(const Transform& transform, const Type& source,
                                       const std::optional<std::string>& value) {
  if (!value) return {};
  switch (transform.kind) {
    case Kind::kIdentity:
      return value;
    case Kind::kBucket: {
      const uint32_t hash = Murmur3(HashedBytes(source, *value)) & INT32_MAX;
      return SingleInt(static_cast<int32_t>(hash % static_cast<uint32_t>(transform.width)));
    }
    case Kind::kTruncate:
      return Truncated(transform.width, source, *value);
    case Kind::kYear:
    case Kind::kMonth:
    case Kind::kDay:
    case Kind::kHour:
      return Calendar(transform.kind, source, SingleToLong(*value).value_or(0));
    case Kind::kVoid:
    case Kind::kUnknown:
      break;
  }
  return {};
}

bool KeepsOrder(const Transform& transform) {
  return transform.kind != Kind::kBucket && transform.kind != Kind::kVoid &&
         transform.kind != Kind::kUnknown;
}

}  // namespace firn::lake
