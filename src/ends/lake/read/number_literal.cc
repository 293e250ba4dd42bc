#include "ends/lake/read/number_literal.h"

#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <arrow/util/decimal.h>

#include <limits>

namespace firn::lake {
namespace {

using arrow::Decimal256;

struct Range {
  Decimal256 least;
  Decimal256 most;
  int32_t scale = 0;
};

std::optional<Range> RangeOf(const arrow::DataType& type) {
  if (type.id() == arrow::Type::INT32)
    return Range{Decimal256(std::numeric_limits<int32_t>::min()),
                 Decimal256(std::numeric_limits<int32_t>::max()), 0};
  if (type.id() == arrow::Type::INT64)
    return Range{Decimal256(std::numeric_limits<int64_t>::min()),
                 Decimal256(std::numeric_limits<int64_t>::max()), 0};
  if (!arrow::is_decimal(type.id())) return std::nullopt;
  const auto& decimal = static_cast<const arrow::DecimalType&>(type);
  const Decimal256 most =
      Decimal256(Decimal256::GetScaleMultiplier(decimal.precision())) + Decimal256(-1);
  return Range{-most, most, decimal.scale()};
}

}  // namespace

std::optional<NumberLiteral> ReadNumber(std::string_view text, const arrow::DataType& type) {
  const auto range = RangeOf(type);
  Decimal256 value;
  int32_t precision = 0;
  int32_t scale = 0;
  if (!range || !Decimal256::FromString(text, &value, &precision, &scale).ok()) return std::nullopt;
  NumberLiteral literal;
  const bool negative = value.IsNegative();
  const auto said = [&](const Decimal256& floor) {
    literal.floor = floor.ToString(range->scale);
    return literal;
  };
  if (scale > range->scale) {
    const auto parts = value.Divide(Decimal256::GetScaleMultiplier(scale - range->scale));
    if (!parts.ok()) return std::nullopt;
    literal.exact = parts->second == Decimal256(0);
    value = parts->first;
    if (!literal.exact && negative) value += Decimal256(-1);
  } else if (precision + range->scale - scale <= arrow::Decimal256Type::kMaxPrecision) {
    value = Decimal256(value.IncreaseScaleBy(range->scale - scale));
  } else if (value != Decimal256(0)) {  // more digits than any column has
    value = Decimal256(negative ? range->least + Decimal256(-1) : range->most + Decimal256(1));
  }
  if (value > range->most) {
    literal.exact = false;
    return said(range->most);
  }
  if (value < range->least) {
    literal.exact = false;
    literal.below = true;
    return said(range->least);
  }
  return said(value);
}

}  // namespace firn::lake
