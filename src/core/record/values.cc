#include "core/record/values.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace firn::record {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

// A decimal number taken apart: digits without leading zeros, the point after `integer_digits` of
// them (may lie left or right of what is there).
struct Number {
  bool negative = false;
  std::string_view before;  // digits left of the point, as written
  std::string_view after;
  int64_t exponent = 0;

  [[nodiscard]] size_t size() const { return before.size() + after.size(); }
  [[nodiscard]] char at(size_t i) const {
    return i < before.size() ? before[i] : after[i - before.size()];
  }
};

// A larger exponent than any number that fits could have; keeps sums in range.
constexpr int64_t kExponentMax = 100'000;

bool TakeApart(std::string_view text, Number& number) {
  size_t i = 0;
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) number.negative = text[i++] == '-';
  const size_t before = i;
  while (i < text.size() && IsDigit(text[i])) ++i;
  number.before = text.substr(before, i - before);
  if (i < text.size() && text[i] == '.') {
    const size_t after = ++i;
    while (i < text.size() && IsDigit(text[i])) ++i;
    number.after = text.substr(after, i - after);
  }
  if (number.size() == 0) return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && text[i] == '+') ++i;
    const auto [end, error] =
        std::from_chars(text.data() + i, text.data() + text.size(), number.exponent);
    if (error != std::errc() || end == text.data() + i) return false;
    if (std::abs(number.exponent) > kExponentMax) return false;
    i = static_cast<size_t>(end - text.data());
  }
  return i == text.size();
}

Int128 PowerOfTen(int exponent) {
  Int128 power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

// `HH:MM[:SS[.fraction]]`, moving past it.
bool TakeTime(std::string_view& text, int64_t& micros) {
  const auto two = [&](size_t at, int most, int& value) {
    if (text.size() < at + 2 || !IsDigit(text[at]) || !IsDigit(text[at + 1])) return false;
    value = (text[at] - '0') * 10 + (text[at + 1] - '0');
    return value <= most;
  };
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (!two(0, 23, hour) || text.size() < 5 || text[2] != ':' || !two(3, 59, minute)) return false;
  text.remove_prefix(5);
  if (!text.empty() && text.front() == ':') {
    text.remove_prefix(1);
    if (!two(0, 59, second)) return false;
    text.remove_prefix(2);
  }
  micros = (hour * 3600LL + minute * 60LL + second) * 1'000'000;
  if (text.empty() || text.front() != '.') return true;
  text.remove_prefix(1);
  if (text.empty() || !IsDigit(text.front())) return false;
  int64_t unit = 100'000;
  for (; !text.empty() && IsDigit(text.front()); text.remove_prefix(1)) {
    // Finer than a microsecond cannot be kept; nothing in Salesforce is.
    if (unit == 0 && text.front() != '0') return false;
    micros += (text.front() - '0') * unit;
    unit /= 10;
  }
  return true;
}

// `Z`, `+0000`, `+00:00`, `-0800`; nothing may follow.
bool TakeZone(std::string_view text, int64_t& offset_micros) {
  offset_micros = 0;
  if (text == "Z" || text == "z") return true;
  if (text.size() < 5 || (text[0] != '+' && text[0] != '-')) return false;
  const std::string_view minutes = text.substr(text[3] == ':' ? 4 : 3);
  if (minutes.size() != 2 || !IsDigit(text[1]) || !IsDigit(text[2]) || !IsDigit(minutes[0]) ||
      !IsDigit(minutes[1])) {
    return false;
  }
  const int hour = (text[1] - '0') * 10 + (text[2] - '0');
  const int minute = (minutes[0] - '0') * 10 + (minutes[1] - '0');
  if (hour > 23 || minute > 59) return false;
  offset_micros = (hour * 60 + minute) * 60'000'000LL * (text[0] == '-' ? -1 : 1);
  return true;
}

bool TakeDate(std::string_view text, int32_t& days) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  for (const size_t at : {0, 1, 2, 3, 5, 6, 8, 9}) {
    if (!IsDigit(text[at])) return false;
  }
  const auto digit = [&](size_t at) { return static_cast<unsigned>(text[at] - '0'); };
  return DaysOfDate(digit(0) * 1000 + digit(1) * 100 + digit(2) * 10 + digit(3),
                    digit(5) * 10 + digit(6), digit(8) * 10 + digit(9), days);
}

}  // namespace

std::string_view ReasonText(ValueState state) {
  switch (state) {
    case ValueState::kFits:
      return "fits";
    case ValueState::kRounded:
      return "excess fraction digits, rounded half-up";
    case ValueState::kNotANumber:
      return "not a number";
    case ValueState::kNotWhole:
      return "not a whole number";
    case ValueState::kOutOfRange:
      return "outside the range of the type";
    case ValueState::kTooManyDigits:
      return "more integer digits than the type has";
    case ValueState::kNotADate:
      return "not a calendar date";
    case ValueState::kNotADateTime:
      return "not a date and time";
    case ValueState::kNotATime:
      return "not a time of day";
    case ValueState::kNotABoolean:
      return "neither true nor false";
    case ValueState::kNotAnId:
      return "not a record Id of 15 or 18 characters";
    case ValueState::kMissing:
      return "the record Id is missing";
    case ValueState::kNotUtf8:
      return "not valid UTF-8";
  }
  return "unknown";
}

ValueState ParseDecimal(std::string_view text, DecimalShape shape, Int128& value) {
  Number number;
  if (!TakeApart(text, number)) return ValueState::kNotANumber;
  size_t first = 0;
  while (first < number.size() && number.at(first) == '0') ++first;
  value = 0;
  if (first == number.size()) return ValueState::kFits;
  // Digits from `first` on; `integer_digits` of them stand left of the point (negative: zeros
  // follow the point first).
  const int64_t integer_digits =
      static_cast<int64_t>(number.before.size()) - static_cast<int64_t>(first) + number.exponent;
  if (integer_digits > shape.precision - shape.scale) return ValueState::kTooManyDigits;
  const int64_t kept = integer_digits + shape.scale;  // digits that the scale has room for
  for (int64_t i = 0; i < kept; ++i) {
    const size_t at = first + static_cast<size_t>(i);
    value = value * 10 + (at < number.size() ? number.at(at) - '0' : 0);
  }
  bool rounded = false;
  for (size_t at = first + static_cast<size_t>(std::max<int64_t>(kept, 0)); at < number.size();
       ++at) {
    rounded = rounded || number.at(at) != '0';
  }
  const size_t next = first + static_cast<size_t>(std::max<int64_t>(kept, 0));
  if (kept >= 0 && next < number.size() && number.at(next) >= '5') value += 1;
  if (value >= PowerOfTen(shape.precision)) return ValueState::kTooManyDigits;
  if (number.negative) value = -value;
  return rounded ? ValueState::kRounded : ValueState::kFits;
}

ValueState ParseLong(std::string_view text, int64_t& value) {
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (at == end && error == std::errc()) return ValueState::kFits;
  Int128 wide = 0;
  const ValueState state = ParseDecimal(text, {.precision = 38, .scale = 0}, wide);
  if (state == ValueState::kRounded) return ValueState::kNotWhole;
  if (state == ValueState::kTooManyDigits) return ValueState::kOutOfRange;
  if (state != ValueState::kFits) return state;
  if (wide > std::numeric_limits<int64_t>::max() || wide < std::numeric_limits<int64_t>::min()) {
    return ValueState::kOutOfRange;
  }
  value = static_cast<int64_t>(wide);
  return ValueState::kFits;
}

ValueState ParseInt(std::string_view text, int32_t& value) {
  int64_t wide = 0;
  const ValueState state = ParseLong(text, wide);
  if (state != ValueState::kFits) return state;
  if (wide > std::numeric_limits<int32_t>::max() || wide < std::numeric_limits<int32_t>::min()) {
    return ValueState::kOutOfRange;
  }
  value = static_cast<int32_t>(wide);
  return ValueState::kFits;
}

ValueState ParseDouble(std::string_view text, double& value) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (at != end || error == std::errc::invalid_argument) return ValueState::kNotANumber;
  if (error == std::errc::result_out_of_range || !std::isfinite(value)) {
    return ValueState::kOutOfRange;
  }
  return ValueState::kFits;
}

ValueState ParseBoolean(std::string_view text, uint8_t& value) {
  const auto is = [&](std::string_view word) {
    if (text.size() != word.size()) return false;
    for (size_t i = 0; i < word.size(); ++i) {
      if ((text[i] | 0x20) != word[i]) return false;
    }
    return true;
  };
  if (is("true") || text == "1") {
    value = 1;
    return ValueState::kFits;
  }
  value = 0;
  return is("false") || text == "0" ? ValueState::kFits : ValueState::kNotABoolean;
}

ValueState ParseDateSlow(std::string_view text, int32_t& days) {
  // Data Export writes midnight behind a date.
  if (text.size() == 19 && text.substr(10) == " 00:00:00") text = text.substr(0, 10);
  return TakeDate(text, days) ? ValueState::kFits : ValueState::kNotADate;
}

ValueState ParseDateTimeSlow(std::string_view text, int64_t& micros) {
  int32_t days = 0;
  if (text.size() < 16 || !TakeDate(text.substr(0, 10), days)) return ValueState::kNotADateTime;
  const char between = text[10];
  if (between != 'T' && between != 't' && between != ' ') return ValueState::kNotADateTime;
  std::string_view rest = text.substr(11);
  int64_t in_day = 0;
  int64_t offset = 0;
  if (!TakeTime(rest, in_day)) return ValueState::kNotADateTime;
  const bool utc_by_form = rest.empty() && between == ' ';
  if (!utc_by_form && !TakeZone(rest, offset)) return ValueState::kNotADateTime;
  micros = static_cast<int64_t>(days) * 86'400'000'000 + in_day - offset;
  return ValueState::kFits;
}

ValueState ParseTime(std::string_view text, int64_t& micros) {
  if (!TakeTime(text, micros)) return ValueState::kNotATime;
  return text.empty() || text == "Z" || text == "z" ? ValueState::kFits : ValueState::kNotATime;
}

void IdSuffix(const char* id, char* suffix) {
  static constexpr char kCode[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
  for (int group = 0; group < 3; ++group) {
    unsigned bits = 0;
    for (int i = 0; i < 5; ++i) {
      const char c = id[group * 5 + i];
      if (c >= 'A' && c <= 'Z') bits |= 1U << i;
    }
    suffix[group] = kCode[bits];
  }
}

bool IsIdText(std::string_view text) {
  if (text.size() != 15 && text.size() != 18) return false;
  for (const char c : text) {
    if (!IsDigit(c) && !IsLetter(c)) return false;
  }
  return true;
}

}  // namespace firn::record
