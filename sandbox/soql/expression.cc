#include "sandbox/soql/expression.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <numbers>

#include "sandbox/decimal.h"

namespace firn::sandbox::soql {
namespace {

constexpr int64_t kDayMillis = 86'400'000;
constexpr double kKmPerMile = 1.609344;
constexpr int kDistanceScale = 9;  // fraction digits of an answered distance

Value Distance(const Expression& expression, RowTree& tree) {
  const Value latitude = tree.Get(expression.latitude);
  const Value longitude = tree.Get(expression.longitude);
  if (latitude.null() || longitude.null()) return {};
  double distance = DistanceKm(ToDouble(latitude), ToDouble(longitude), expression.from_latitude,
                               expression.from_longitude);
  if (expression.miles) distance /= kKmPerMile;
  return Value::Decimal(std::llround(distance * std::pow(10.0, kDistanceScale)), kDistanceScale);
}

Value Label(const FieldInfo& field, const Value& value) {
  if (value.kind != Value::Kind::kText) return value;
  for (const auto& each : field.picklist_values) {
    if (each.value == value.text) return Value::Text(each.label.empty() ? each.value : each.label);
  }
  return value;
}

void AppendGrouped(std::string_view digits, std::string& out) {
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
}

void AppendNumber(const Value& number, int scale, std::string& out) {
  const Value value = RoundedTo(number, scale);
  uint64_t whole = value.number < 0 ? 0 - static_cast<uint64_t>(value.number) : value.number;
  if (value.number < 0) out += '-';
  uint64_t unit = 1;
  for (int i = 0; i < value.scale; ++i) unit *= 10;
  std::string fraction = value.scale > 0 ? fmt::format("{:0{}}", whole % unit, value.scale) : "";
  whole /= unit;
  fraction.resize(static_cast<size_t>(std::max(scale, 0)), '0');
  AppendGrouped(std::to_string(whole), out);
  if (!fraction.empty()) out += '.' + fraction;
}

void AppendDay(int64_t day, std::string& out) {
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
  out += fmt::format("{}/{}/{}", static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), static_cast<int>(date.year()));
}

void AppendClock(int64_t millis, std::string& out) {
  const int64_t hour = millis / 3'600'000;
  out += fmt::format("{}:{:02} {}", hour % 12 == 0 ? 12 : hour % 12, millis / 60'000 % 60,
                     hour < 12 ? "AM" : "PM");
}

}  // namespace

bool Expression::Same(const Expression& other) const {
  if (function != other.function || user_zone != other.user_zone) return false;
  if (field.fields.empty() || other.field.fields.empty()) {
    return field.fields.empty() == other.field.fields.empty();
  }
  return field.node == other.field.node && &field.info() == &other.field.info() &&
         field.type_name == other.field.type_name;
}

bool IsAggregate(std::string_view function) {
  return function == "COUNT" || function == "COUNT_DISTINCT" || function == "SUM" ||
         function == "AVG" || function == "MIN" || function == "MAX";
}

Value Evaluate(const Expression& expression, RowTree& tree) {
  if (expression.function == "DISTANCE") return Distance(expression, tree);
  Value value = tree.Get(expression.field);
  if (expression.plain()) return value;
  if (expression.function == "TOLABEL") return Label(expression.field.info(), value);
  if (!IsDateFunction(expression.function)) return value;
  if (expression.user_zone && value.kind == Value::Kind::kDateTime) {
    value.number += expression.locals->zone->OffsetAt(value.number);
  }
  return ApplyDateFunction(expression.function, value, expression.locals->fiscal);
}

void AppendFormatted(const Value& value, FieldType type, int scale, const TimeZone& zone,
                     std::string& out) {
  switch (value.kind) {
    case Value::Kind::kInt:
    case Value::Kind::kDecimal:
      if (type == FieldType::kCurrency) out += '$';
      AppendNumber(value, value.kind == Value::Kind::kInt ? 0 : scale, out);
      if (type == FieldType::kPercent) out += '%';
      return;
    case Value::Kind::kDate:
      AppendDay(value.number, out);
      return;
    case Value::Kind::kDateTime: {
      const int64_t local = value.number + zone.OffsetAt(value.number);
      const int64_t day = local / kDayMillis - (local % kDayMillis < 0);
      AppendDay(day, out);
      out += ", ";
      AppendClock(local - day * kDayMillis, out);
      return;
    }
    case Value::Kind::kTime:
      AppendClock(value.number, out);
      return;
    default:
      AppendPlain(value, out);
  }
}

double DistanceKm(double latitude_a, double longitude_a, double latitude_b, double longitude_b) {
  constexpr double kRadiusKm = 6371.0088;
  constexpr double kRadians = std::numbers::pi / 180;
  const double latitude = (latitude_b - latitude_a) * kRadians;
  const double longitude = (longitude_b - longitude_a) * kRadians;
  const double chord = std::pow(std::sin(latitude / 2), 2) +
                       std::cos(latitude_a * kRadians) * std::cos(latitude_b * kRadians) *
                           std::pow(std::sin(longitude / 2), 2);
  return 2 * kRadiusKm * std::asin(std::sqrt(std::min(1.0, chord)));
}

}  // namespace firn::sandbox::soql
