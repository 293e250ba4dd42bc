// Canonical values: the text of one cell as a typed value. Pure functions, no allocation; internal
// to record (the fast forms are inline because they run once a cell).
//
// Source of the text forms: Bulk API 2.0 Developer Guide, "Valid Date Format in Records", "Valid
// CSV Record Rows"; Data Export files write `2026-01-31 10:00:00`, `1` and `0`; read 2026-11.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace firn::record {

// What became of a cell. Everything above kRounded rejects the row.
enum class ValueState : uint8_t {
  kFits,
  kRounded,  // excess fraction digits, rounded half-up
  kNotANumber,
  kNotWhole,       // a fraction where a whole number belongs
  kOutOfRange,     // int or long
  kTooManyDigits,  // integer digits past decimal(precision, scale)
  kNotADate,
  kNotADateTime,
  kNotATime,
  kNotABoolean,
  kNotAnId,
  kMissing,  // the Id is empty
  kNotUtf8,
};

// In words, for a report: `no calendar date`.
[[nodiscard]] std::string_view ReasonText(ValueState state);

using Int128 = __int128;

struct DecimalShape {
  int precision = 0;
  int scale = 0;
};

// Any decimal text: sign, digits, point, exponent. `value` is the unscaled number.
[[nodiscard]] ValueState ParseDecimal(std::string_view text, DecimalShape shape, Int128& value);
// Whole numbers; `5.0` and `5e3` too, since Salesforce sends float text for some of them.
[[nodiscard]] ValueState ParseLong(std::string_view text, int64_t& value);
[[nodiscard]] ValueState ParseInt(std::string_view text, int32_t& value);
// Finite numbers only.
[[nodiscard]] ValueState ParseDouble(std::string_view text, double& value);
// `true`, `false` in any case; `1`, `0`.
[[nodiscard]] ValueState ParseBoolean(std::string_view text, uint8_t& value);
// Days since 1970-01-01 of calendar text; years 0001 to 9999.
[[nodiscard]] ValueState ParseDateSlow(std::string_view text, int32_t& days);
// Microseconds since the epoch, UTC. Zone `Z`, `+0000`, `+00:00`, `-0800`; none only in the form
// with a space, which Data Export writes in UTC.
[[nodiscard]] ValueState ParseDateTimeSlow(std::string_view text, int64_t& micros);
// Microseconds since midnight: `10:15:00.000Z`.
[[nodiscard]] ValueState ParseTime(std::string_view text, int64_t& micros);
// The 3 characters that make a 15-character Id an 18-character one. `id`: 15 letters or digits.
void IdSuffix(const char* id, char* suffix);
[[nodiscard]] bool IsIdText(std::string_view text);  // 15 or 18 letters and digits

inline constexpr int kDaysBeforeMonth[2][13] = {
    {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365},
    {0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366}};

// True when the date exists; years 1 to 9999.
[[nodiscard]] inline bool DaysOfDate(unsigned year, unsigned month, unsigned day, int32_t& days) {
  if (month - 1 > 11 || year == 0) return false;
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  const int* before = kDaysBeforeMonth[leap ? 1 : 0];
  if (day == 0 || day > static_cast<unsigned>(before[month] - before[month - 1])) return false;
  const unsigned y = year - 1;
  constexpr int32_t kDaysBefore1970 = 719162;
  days = static_cast<int32_t>(y * 365 + y / 4 - y / 100 + y / 400) + before[month - 1] +
         static_cast<int32_t>(day) - 1 - kDaysBefore1970;
  return true;
}

namespace internal {

inline uint64_t Load8(const char* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// `shape` has '0' where a digit stands and the separator itself elsewhere; `separators` has 0xff
// at those places. Leaves digit values in the bytes; false when a byte is not what it must be.
inline bool Digits(uint64_t& word, uint64_t shape, uint64_t separators) {
  word ^= shape;
  const uint64_t above_nine = (word | (word + 0x7676767676767676ULL)) & 0x8080808080808080ULL;
  return ((word & separators) | above_nine) == 0;
}

// Byte i becomes 10 * byte i + byte i+1.
inline uint64_t Pairs(uint64_t digits) { return digits * 10 + (digits >> 8); }
inline unsigned PairAt(uint64_t pairs, int byte) { return (pairs >> (8 * byte)) & 0xff; }

inline constexpr uint64_t Shape(const char (&text)[9]) {
  uint64_t word = 0;
  for (int i = 7; i >= 0; --i) word = word << 8 | static_cast<unsigned char>(text[i]);
  return word;
}
inline constexpr uint64_t kDateShape = Shape("0000-00-");
inline constexpr uint64_t kDateSeparators = 0xff0000ff00000000ULL;
inline constexpr uint64_t kHourShape = Shape("00T00:00");
inline constexpr uint64_t kHourSeparators = 0x0000ff0000ff0000ULL;
inline constexpr uint64_t kSecondShape = Shape(":00.000Z");
inline constexpr uint64_t kSecondSeparators = 0xff000000ff0000ffULL;

}  // namespace internal

// `text` may be read up to 24 bytes whatever its size (blocks are padded).
[[nodiscard]] inline ValueState ParseDatePadded(const char* text, size_t size, int32_t& days) {
  uint64_t word = internal::Load8(text);
  const unsigned tens = static_cast<unsigned char>(text[8]) - '0';
  const unsigned ones = static_cast<unsigned char>(text[9]) - '0';
  if (size != 10 || tens > 9 || ones > 9 ||
      !internal::Digits(word, internal::kDateShape, internal::kDateSeparators)) [[unlikely]] {
    return ParseDateSlow({text, size}, days);
  }
  const uint64_t pairs = internal::Pairs(word);
  const unsigned year = internal::PairAt(pairs, 0) * 100 + internal::PairAt(pairs, 2);
  return DaysOfDate(year, internal::PairAt(pairs, 5), tens * 10 + ones, days)
             ? ValueState::kFits
             : ValueState::kNotADate;
}

[[nodiscard]] inline ValueState ParseDateTimePadded(const char* text, size_t size,
                                                    int64_t& micros) {
  uint64_t date = internal::Load8(text);
  uint64_t hour = internal::Load8(text + 8);
  uint64_t second = internal::Load8(text + 16);
  if (size != 24 || !internal::Digits(date, internal::kDateShape, internal::kDateSeparators) ||
      !internal::Digits(hour, internal::kHourShape, internal::kHourSeparators) ||
      !internal::Digits(second, internal::kSecondShape, internal::kSecondSeparators)) [[unlikely]] {
    return ParseDateTimeSlow({text, size}, micros);
  }
  const uint64_t dates = internal::Pairs(date);
  const uint64_t hours = internal::Pairs(hour);
  const uint64_t seconds = internal::Pairs(second);
  const unsigned year = internal::PairAt(dates, 0) * 100 + internal::PairAt(dates, 2);
  const unsigned h = internal::PairAt(hours, 3);
  const unsigned m = internal::PairAt(hours, 6);
  const unsigned s = internal::PairAt(seconds, 1);
  const unsigned ms = internal::PairAt(seconds, 4) * 10 + ((second >> 48) & 0xff);
  int32_t days = 0;
  if (!DaysOfDate(year, internal::PairAt(dates, 5), internal::PairAt(hours, 0), days) || h > 23 ||
      m > 59 || s > 59) {
    return ValueState::kNotADateTime;
  }
  micros = (static_cast<int64_t>(days) * 86'400 + (h * 60 + m) * 60 + s) * 1'000'000 + ms * 1'000;
  return ValueState::kFits;
}

// The usual form only (sign, up to 17 digits, at most `scale` fraction digits); everything else
// goes to ParseDecimal.
[[nodiscard]] inline ValueState ParseDecimal64(std::string_view text, DecimalShape shape,
                                               int64_t limit, int64_t& value) {
  const char* p = text.data();
  const char* const end = p + text.size();
  const bool negative = *p == '-';
  p += negative ? 1 : 0;
  int64_t number = 0;
  int fraction = -1;
  if (p != end && end - p <= 18) [[likely]] {
    const char* const first = p;
    for (; p != end; ++p) {
      const unsigned digit = static_cast<unsigned char>(*p) - '0';
      if (digit <= 9) {
        number = number * 10 + digit;
        fraction += fraction >= 0 ? 1 : 0;
      } else if (*p == '.' && fraction < 0 && p != first && p + 1 != end) {
        fraction = 0;
      } else {
        break;
      }
    }
    const int zeros = shape.scale - (fraction > 0 ? fraction : 0);
    if (p == end && zeros >= 0) {
      static constexpr int64_t kPowers[] = {1,
                                            10,
                                            100,
                                            1'000,
                                            10'000,
                                            100'000,
                                            1'000'000,
                                            10'000'000,
                                            100'000'000,
                                            1'000'000'000,
                                            10'000'000'000,
                                            100'000'000'000,
                                            1'000'000'000'000,
                                            10'000'000'000'000,
                                            100'000'000'000'000,
                                            1'000'000'000'000'000,
                                            10'000'000'000'000'000,
                                            100'000'000'000'000'000,
                                            1'000'000'000'000'000'000};
      int64_t scaled = 0;
      if (!__builtin_mul_overflow(number, kPowers[zeros], &scaled) && scaled < limit) {
        value = negative ? -scaled : scaled;
        return ValueState::kFits;
      }
    }
  }
  Int128 wide = 0;
  const ValueState state = ParseDecimal(text, shape, wide);
  value = static_cast<int64_t>(wide);
  return state;
}

}  // namespace firn::record
