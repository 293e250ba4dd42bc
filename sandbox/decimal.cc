#include "sandbox/decimal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace firn::sandbox {
namespace {

using Wide = __int128;

constexpr int kPowersMax = 38;
constexpr int kExactDigitsMax = 15;  // a decimal of so many digits is what its double prints
constexpr int kExponentMax = 400;    // beyond any double
constexpr int kValueDigitsMax = 18;

constexpr std::array<Wide, kPowersMax + 1> MakePowers() {
  std::array<Wide, kPowersMax + 1> powers{};
  powers[0] = 1;
  for (int i = 1; i <= kPowersMax; ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}
constexpr auto kPower10 = MakePowers();

Wide Magnitude(Wide number) { return number < 0 ? -number : number; }

// Halves away from zero.
Wide Divided(Wide number, int digits) {
  if (digits <= 0) return number;
  if (digits > kPowersMax) return 0;
  const Wide unit = kPower10[digits];
  const Wide half = number < 0 ? -(unit / 2) : unit / 2;
  return (number + half) / unit;
}

// Digits without sign, with `places` of them behind the point (or, below zero, noughts to add).
struct Digits {
  Wide digits = 0;
  int places = 0;
  int count = 0;
};

bool ReadExponent(std::string_view text, int& exponent) {
  if (!text.empty() && text[0] == '+') text.remove_prefix(1);
  const auto read = std::from_chars(text.data(), text.data() + text.size(), exponent);
  if (read.ptr != text.data() + text.size() || read.ptr == text.data()) return false;
  if (read.ec == std::errc::result_out_of_range) {
    exponent = text[0] == '-' ? -kExponentMax : kExponentMax;
  } else if (read.ec != std::errc()) {
    return false;
  }
  exponent = std::clamp(exponent, -kExponentMax, kExponentMax);
  return true;
}

// Digits that no number can hold are dropped.
bool Read(std::string_view text, Digits& out) {
  constexpr int kKeptMax = 36;
  bool point = false;
  bool any = false;
  size_t at = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9') break;
    any = true;
    if (out.count < kKeptMax) {
      out.digits = out.digits * 10 + (c - '0');
      out.count += out.digits != 0 ? 1 : 0;
      out.places += point ? 1 : 0;
    } else if (!point) {
      out.places = std::max(out.places - 1, -kExponentMax);
    }
  }
  if (!any) return false;
  if (at == text.size()) return true;
  int exponent = 0;
  if (text[at] != 'e' && text[at] != 'E') return false;
  if (!ReadExponent(text.substr(at + 1), exponent)) return false;
  out.places -= exponent;
  return true;
}

void StripZeros(Digits& number, int places_min) {
  while (number.places > places_min && number.digits % 10 == 0) {
    number.digits /= 10;
    --number.places;
    --number.count;
  }
}

// What the double nearest to it prints.
Digits AsDouble(const Digits& number) {
  char text[64];
  const auto whole = static_cast<uint64_t>(number.digits / kPower10[18]);
  const auto rest = static_cast<uint64_t>(number.digits % kPower10[18]);
  char* end = std::to_chars(text, text + sizeof text, whole).ptr;
  char padded[20];
  const auto stop = std::to_chars(padded, padded + sizeof padded, rest).ptr;
  end = std::fill_n(end, 18 - (stop - padded), '0');
  end = std::copy(padded, stop, end);
  *end++ = 'e';
  end = std::to_chars(end, text + sizeof text, -number.places).ptr;
  double nearest = 0;
  std::from_chars(text, end, nearest);
  end = std::to_chars(text, text + sizeof text, nearest, std::chars_format::scientific).ptr;
  Digits shortest;
  (void)Read({text, static_cast<size_t>(end - text)}, shortest);
  return shortest;
}

tl::unexpected<NumberFault> TooLarge() { return tl::unexpected(NumberFault::kRange); }

// More fraction digits than the scale: none of them is lost that a double holds.
tl::expected<Value, NumberFault> MakeExcess(Digits number, bool negative,
                                            const DecimalShape& shape) {
  if (number.count > kExactDigitsMax) number = AsDouble(number);
  if (number.places > kFractionDigitsMax) {
    number.digits = Divided(number.digits, number.places - kFractionDigitsMax);
    number.places = kFractionDigitsMax;
  }
  StripZeros(number, shape.scale);
  if (number.digits == 0) return Value::Decimal(0, shape.scale);
  for (; number.places < shape.scale; ++number.places) number.digits *= 10;
  if (number.digits >= kPower10[kValueDigitsMax] ||
      number.digits / kPower10[number.places] >=
          kPower10[std::max(0, shape.precision - shape.scale)]) {
    return TooLarge();
  }
  const auto unscaled = static_cast<int64_t>(number.digits);
  return Value::Decimal(negative ? -unscaled : unscaled, number.places);
}

struct Parts {
  Wide whole = 0;
  Wide fraction = 0;  // in 10^-24; of the number's sign
};
Parts SplitAtPoint(const Value& number) {
  const Wide unit = kPower10[number.scale];
  return {number.number / unit, number.number % unit * kPower10[kFractionDigitsMax - number.scale]};
}

int ThreeWay(Wide a, Wide b) { return a < b ? -1 : a > b ? 1 : 0; }

// `units` of 10^-scale as a number; digits that it cannot hold are rounded away.
Value Fitting(Wide units, int scale) {
  const Wide limit = kPower10[kValueDigitsMax];
  int excess = 0;
  while (scale - excess > 0 && Magnitude(Divided(units, excess)) >= limit) ++excess;
  const Wide kept = Divided(units, excess);
  if (Magnitude(kept) > INT64_MAX) return {};
  return Value::Decimal(static_cast<int64_t>(kept), scale - excess);
}

}  // namespace

tl::expected<Value, NumberFault> ParseDecimal(std::string_view text, const DecimalShape& shape) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative || (!text.empty() && text[0] == '+')) text.remove_prefix(1);
  Digits number;
  if (!Read(text, number)) return tl::unexpected(NumberFault::kFormat);
  if (number.digits == 0) return Value::Decimal(0, shape.scale);
  if (number.places > shape.scale) StripZeros(number, shape.scale);
  if (number.places > shape.scale) return MakeExcess(number, negative, shape);
  const int shift = shape.scale - number.places;
  if (number.count + shift > kPowersMax) return TooLarge();
  const Wide unscaled = number.digits * kPower10[shift];
  if (unscaled >= kPower10[shape.precision]) return TooLarge();
  const auto narrow = static_cast<int64_t>(unscaled);
  return Value::Decimal(negative ? -narrow : narrow, shape.scale);
}

Value DecimalOf(double number, int scale) {
  if (!std::isfinite(number)) return {};
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, number).ptr;
  const DecimalShape shape{kValueDigitsMax, scale};
  return ParseDecimal({text, static_cast<size_t>(end - text)}, shape).value_or(Value{});
}

double ToDouble(const Value& number) {
  constexpr int64_t kExactMax = int64_t{1} << 53;
  constexpr int kExactPowerMax = 22;  // 10^22 is the last power of ten that is a double
  if (number.scale == 0) return static_cast<double>(number.number);
  const bool exact = number.number <= kExactMax && number.number >= -kExactMax;
  if (exact && number.scale <= kExactPowerMax) {  // one rounding, as the nearest double has
    return static_cast<double>(number.number) / static_cast<double>(kPower10[number.scale]);
  }
  char text[32];
  char* end = std::to_chars(text, text + sizeof text, number.number).ptr;
  *end++ = 'e';
  end = std::to_chars(end, text + sizeof text, -number.scale).ptr;
  double nearest = 0;
  std::from_chars(text, end, nearest);
  return nearest;
}

int CompareNumbers(const Value& a, const Value& b) {
  if (a.scale == b.scale) return ThreeWay(a.number, b.number);
  const Parts left = SplitAtPoint(a);
  const Parts right = SplitAtPoint(b);
  const int whole = ThreeWay(left.whole, right.whole);
  return whole != 0 ? whole : ThreeWay(left.fraction, right.fraction);
}

Value RoundedTo(const Value& number, int scale) {
  if (number.null() || number.scale <= scale) return number;
  return Value::Decimal(static_cast<int64_t>(Divided(number.number, number.scale - scale)), scale);
}

Value ProductOf(const Value& a, const Value& b, int scale) {
  const Wide product = static_cast<Wide>(a.number) * b.number;
  const int places = a.scale + b.scale;
  if (places >= scale) return Fitting(Divided(product, places - scale), scale);
  if (Magnitude(product) >= kPower10[kPowersMax - (scale - places)]) return {};
  return Fitting(product * kPower10[scale - places], scale);
}

Value QuotientOf(const Value& a, const Value& b, int scale) {
  if (b.number == 0) return {};
  return RoundedTo(DecimalOf(ToDouble(a) / ToDouble(b), scale), scale);
}

DecimalKey KeyOf(const Value& number, int scale) {
  DecimalKey key{number.number, 0};
  if (number.scale <= scale) {
    for (int i = number.scale; i < scale; ++i) {
      if (__builtin_mul_overflow(key.number, int64_t{10}, &key.number)) {
        return {number.number < 0 ? INT64_MIN : INT64_MAX, 0};
      }
    }
    return key;
  }
  const int digits = number.scale - scale;
  const Wide unit = kPower10[digits];
  Wide whole = number.number / unit;
  Wide rest = number.number % unit;
  if (rest < 0) {
    --whole;
    rest += unit;
  }
  return {static_cast<int64_t>(whole), rest * kPower10[kFractionDigitsMax - digits]};
}

void NumberSum::Add(const Value& number) {
  if (scale_ < 0) scale_ = number.scale;
  if (number.scale == scale_) {
    units_ += number.number;
    return;
  }
  const Parts parts = SplitAtPoint(number);
  whole_ += parts.whole;
  fraction_ += parts.fraction;
}

Value NumberSum::Total() const {
  if (scale_ < 0) return {};
  if (whole_ == 0 && fraction_ == 0) return Fitting(units_, scale_);
  const Wide unit = kPower10[scale_];
  Wide whole = whole_ + units_ / unit;
  Wide fraction = fraction_ + units_ % unit * kPower10[kFractionDigitsMax - scale_];
  whole += fraction / kPower10[kFractionDigitsMax];
  fraction %= kPower10[kFractionDigitsMax];
  int places = kFractionDigitsMax;
  while (places > 0 && fraction % 10 == 0) {
    fraction /= 10;
    --places;
  }
  if (Magnitude(whole) < kPower10[kPowersMax - 1 - places]) {
    const Wide units = whole * kPower10[places] + fraction;
    if (Magnitude(units) < kPower10[kExactDigitsMax]) return Fitting(units, places);
  }
  return DecimalOf(static_cast<double>(Approximate()), 0);
}

Value NumberSum::Mean(uint64_t count) const {
  if (scale_ < 0 || count == 0) return {};
  return DecimalOf(static_cast<double>(Approximate() / static_cast<long double>(count)), 0);
}

long double NumberSum::Approximate() const {
  return static_cast<long double>(units_) / static_cast<long double>(kPower10[scale_]) +
         static_cast<long double>(whole_) +
         static_cast<long double>(fraction_) /
             static_cast<long double>(kPower10[kFractionDigitsMax]);
}

}  // namespace firn::sandbox
