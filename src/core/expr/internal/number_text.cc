#include "core/expr/internal/number_text.h"

#include <charconv>
#include <cmath>
#include <string>

namespace firn::expr {
namespace {

// A decimal number taken apart: its significant digits without zeros at either end, and the power
// of ten of the last one.
struct Decimal {
  std::string digits;
  int64_t exponent = 0;
  bool negative = false;
  bool operator==(const Decimal&) const = default;
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Exponents past this are out of any double's range.
constexpr int64_t kExponentMax = 1'000'000;

std::optional<Decimal> TakeApart(std::string_view text) {
  Decimal out;
  size_t at = 0;
  if (at < text.size() && text[at] == '-') {
    out.negative = true;
    ++at;
  }
  bool any = false;
  bool fraction = false;
  for (; at < text.size() && (IsDigit(text[at]) || (text[at] == '.' && !fraction)); ++at) {
    if (text[at] == '.') {
      fraction = true;
      continue;
    }
    any = true;
    if (fraction) --out.exponent;
    out.digits += text[at];
  }
  if (!any) return std::nullopt;
  if (at < text.size()) {
    if (text[at] != 'e' && text[at] != 'E') return std::nullopt;
    ++at;
    if (at < text.size() && text[at] == '+') ++at;
    int64_t exponent = 0;
    const auto [end, error] =
        std::from_chars(text.data() + at, text.data() + text.size(), exponent);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    if (exponent > kExponentMax || exponent < -kExponentMax) return std::nullopt;
    out.exponent += exponent;
  }
  const size_t first = out.digits.find_first_not_of('0');
  if (first == std::string::npos) return Decimal{};
  out.digits.erase(0, first);
  while (out.digits.back() == '0') {
    out.digits.pop_back();
    ++out.exponent;
  }
  return out;
}

}  // namespace

std::optional<double> ComparableNumber(std::string_view text) {
  const char first = text.empty() ? '\0' : text.front();
  if (!IsDigit(first) && first != '-') return std::nullopt;
  const std::optional<Decimal> written = TakeApart(text);
  if (!written) return std::nullopt;
  if (written->digits.empty()) return 0.0;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) {
    return std::nullopt;
  }
  if (written->digits.size() <= 15) return number;  // a double holds any 15 digits
  char shortest[64];
  const auto [stop, failed] = std::to_chars(shortest, shortest + sizeof shortest, number);
  if (failed != std::errc()) return std::nullopt;
  const std::string_view back(shortest, static_cast<size_t>(stop - shortest));
  return TakeApart(back) == written ? std::optional(number) : std::nullopt;
}

}  // namespace firn::expr
