#include "sandbox/soql/date_range.h"

#include <chrono>

namespace firn::sandbox::soql {
namespace {

using std::chrono::days;
using std::chrono::months;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr int64_t kDayMillis = 86'400'000;

int64_t DaysOf(sys_days day) { return day.time_since_epoch().count(); }
year_month_day DateOf(int64_t day) { return year_month_day{sys_days(days(day))}; }

int64_t WeekStart(int64_t day) {
  const std::chrono::weekday weekday{sys_days(days(day))};
  return day - weekday.c_encoding();
}
// First day of the month that lies `offset` months from the one of `day`.
int64_t MonthStart(int64_t day, int64_t offset) {
  const auto date = DateOf(day);
  const auto month = date.year() / date.month() + months(offset);
  return DaysOf(sys_days(month / std::chrono::day(1)));
}
// Months since the year began, for years that begin in `start_month`.
int64_t MonthOfYear(int64_t day, int start_month) {
  const auto month = static_cast<int>(static_cast<unsigned>(DateOf(day).month()));
  return (month - start_month + 12) % 12;
}

enum class Unit { kDay, kWeek, kMonth, kQuarter, kYear };

Unit UnitOf(std::string_view literal) {
  if (literal.find("WEEK") != std::string_view::npos) return Unit::kWeek;
  if (literal.find("MONTH") != std::string_view::npos) return Unit::kMonth;
  if (literal.find("QUARTER") != std::string_view::npos) return Unit::kQuarter;
  if (literal.find("YEAR") != std::string_view::npos) return Unit::kYear;
  return Unit::kDay;
}

int64_t StartOf(Unit unit, int64_t today, int64_t offset, int start_month) {
  switch (unit) {
    case Unit::kDay:
      return today + offset;
    case Unit::kWeek:
      return WeekStart(today) + 7 * offset;
    case Unit::kMonth:
      return MonthStart(today, offset);
    case Unit::kQuarter:
      return MonthStart(today, offset * 3 - MonthOfYear(today, start_month) % 3);
    case Unit::kYear:
      return MonthStart(today, offset * 12 - MonthOfYear(today, start_month));
  }
  return today;
}

int64_t FiscalYearName(int64_t day, const FiscalYear& fiscal) {
  const auto date = DateOf(day);
  const auto year = static_cast<int>(date.year());
  if (fiscal.start_month == 1) return year;
  const bool begun = static_cast<int>(static_cast<unsigned>(date.month())) >= fiscal.start_month;
  const int begins_in = begun ? year : year - 1;
  return fiscal.named_by_start ? begins_in : begins_in + 1;
}

}  // namespace

DayRange RangeOf(std::string_view literal, int64_t n, int64_t today, const FiscalYear& fiscal) {
  if (literal == "YESTERDAY") return {today - 1, today};
  if (literal == "TODAY") return {today, today + 1};
  if (literal == "TOMORROW") return {today + 1, today + 2};
  if (literal == "LAST_90_DAYS") return {today - 90, today + 1};
  if (literal == "NEXT_90_DAYS") return {today + 1, today + 91};
  const Unit unit = UnitOf(literal);
  const int start = literal.find("FISCAL") == std::string_view::npos ? 1 : fiscal.start_month;
  const auto between = [&](int64_t first, int64_t last) {
    return DayRange{StartOf(unit, today, first, start), StartOf(unit, today, last, start)};
  };
  // The last n days end with today; the last n weeks, months .. end before the current one.
  if (literal.starts_with("LAST_N_")) {
    return unit == Unit::kDay ? DayRange{today - n, today + 1} : between(-n, 0);
  }
  if (literal.starts_with("NEXT_N_")) return between(1, n + 1);
  if (literal.starts_with("N_")) return between(-n, -n + 1);
  if (literal.starts_with("LAST_")) return between(-1, 0);
  if (literal.starts_with("NEXT_")) return between(1, 2);
  return between(0, 1);
}

bool IsDateFunction(std::string_view function) {
  return function.starts_with("CALENDAR_") || function.starts_with("DAY_") ||
         function.starts_with("FISCAL_") || function.starts_with("HOUR_") ||
         function.starts_with("WEEK_");
}

Value ApplyDateFunction(std::string_view function, const Value& value, const FiscalYear& fiscal) {
  if (value.null()) return {};
  int64_t day = value.number;
  int64_t millis = 0;
  if (value.kind == Value::Kind::kDateTime) {
    day = value.number / kDayMillis - (value.number % kDayMillis < 0);
    millis = value.number - day * kDayMillis;
  }
  const auto date = DateOf(day);
  const auto day_of_month = static_cast<unsigned>(date.day());
  const int64_t day_of_year = day - StartOf(Unit::kYear, day, 0, 1);
  const bool is_fiscal = function.starts_with("FISCAL_");
  const int64_t month = MonthOfYear(day, is_fiscal ? fiscal.start_month : 1);
  if (function == "DAY_ONLY") return Value::Date(day);
  if (function == "HOUR_IN_DAY") return Value::Int(millis / 3'600'000);
  if (function == "DAY_IN_MONTH") return Value::Int(day_of_month);
  if (function == "DAY_IN_WEEK") return Value::Int(day - WeekStart(day) + 1);
  if (function == "DAY_IN_YEAR") return Value::Int(day_of_year + 1);
  if (function == "WEEK_IN_MONTH") return Value::Int((day_of_month - 1) / 7 + 1);
  if (function == "WEEK_IN_YEAR") return Value::Int(day_of_year / 7 + 1);
  if (function.ends_with("_MONTH")) return Value::Int(month + 1);
  if (function.ends_with("_QUARTER")) return Value::Int(month / 3 + 1);
  if (is_fiscal) return Value::Int(FiscalYearName(day, fiscal));
  return Value::Int(static_cast<int>(date.year()));
}

}  // namespace firn::sandbox::soql
