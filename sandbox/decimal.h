// Numbers of currency, double and percent fields: decimal digits, kept as they were sent.
//
// A number with no more fraction digits than its field's scale is an integer of 10^-scale. One with
// more keeps them, as many as a double holds, and has a scale of its own above the field's: the
// smallest that shows them all. So equal numbers of one field are equal bytes. The field's scale
// decides how pages and FORMAT() show a number, not what is stored. Pure; any thread.
// Source: Salesforce Help 000387302, 'Salesforce Number Field Stores More Decimal Places Than
// Defined When Set via API or Apex'; 000385689, 'Round Off Decimal Values of Currency Fields in the
// Salesforce UI and API'; 000212661 (24 fraction digits); read 2026-11.
#pragma once

#include <cstdint>
#include <string_view>
#include <tl/expected.hpp>

#include "sandbox/value.h"

namespace firn::sandbox {

inline constexpr int kFractionDigitsMax = 24;

enum class NumberFault : uint8_t {
  kFormat,  // no number
  kRange,   // more digits before the point than precision - scale
};

struct DecimalShape {
  int precision = 18;
  int scale = 0;
};

// `12.345`, `-1e3`, with any number of fraction digits.
[[nodiscard]] tl::expected<Value, NumberFault> ParseDecimal(std::string_view text,
                                                            const DecimalShape& shape);
// The shortest decimal that stands for a double; null when it is not finite or above 10^18.
[[nodiscard]] Value DecimalOf(double number, int scale);
[[nodiscard]] double ToDouble(const Value& number);

// The same bytes would be stored: SameValue, also of numbers that keep more fraction digits.
[[nodiscard]] inline bool SameStored(const Value& a, const Value& b) {
  return SameValue(a, b) && a.scale == b.scale;
}
// Of two numbers, whatever their scales: negative, zero or positive.
[[nodiscard]] int CompareNumbers(const Value& a, const Value& b);
// With at most `scale` fraction digits, halves away from zero.
[[nodiscard]] Value RoundedTo(const Value& number, int scale);
// Null when the result has more digits than a number can.
[[nodiscard]] Value ProductOf(const Value& a, const Value& b, int scale);
[[nodiscard]] Value QuotientOf(const Value& a, const Value& b, int scale);

// A number in the order of its field's index: the integer of 10^-scale, or what lies between two.
struct DecimalKey {
  int64_t number = 0;    // rounded down
  __int128 between = 0;  // above `number`, in 10^-24 of it; 0: nothing
};
[[nodiscard]] DecimalKey KeyOf(const Value& number, int scale);

// Adds numbers of any scales without losing a digit.
class NumberSum {
 public:
  void Add(const Value& number);
  [[nodiscard]] Value Total() const;
  [[nodiscard]] Value Mean(uint64_t count) const;

 private:
  [[nodiscard]] long double Approximate() const;
  int scale_ = -1;  // of most numbers: the first one's
  __int128 units_ = 0;
  __int128 whole_ = 0;     // of the numbers with another scale, apart from their fractions
  __int128 fraction_ = 0;  // in 10^-24
};

}  // namespace firn::sandbox
