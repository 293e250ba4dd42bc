// Date literals (`LAST_N_DAYS:7`) and date functions (`CALENDAR_YEAR(..)`). Pure; any thread.
// Source: SOQL and SOSL Reference, 'Date Formats and Date Literals' and 'Date Functions', read
// 2026-11. Days are UTC days; a week begins on Sunday; the fiscal year is the calendar year.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "sandbox/value.h"

namespace firn::sandbox::soql {

// Days since 1970-01-01, the end not included.
struct DayRange {
  int64_t from = 0;
  int64_t to = 0;
};
// `literal` in upper case, known to the parser. `today` in days since 1970-01-01.
[[nodiscard]] DayRange RangeOf(std::string_view literal, int64_t n, int64_t today);

[[nodiscard]] bool IsDateFunction(std::string_view function);
// Of a date or an instant; null for null.
[[nodiscard]] Value ApplyDateFunction(std::string_view function, const Value& value);

}  // namespace firn::sandbox::soql
