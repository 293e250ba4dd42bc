// Date literals (`LAST_N_DAYS:7`) and date functions (`CALENDAR_YEAR(..)`). Pure; any thread.
// Source: SOQL and SOSL Reference, 'Date Formats and Date Literals' and 'Date Functions', read
// 2026-11. A week begins on Sunday. Whose days they are is the caller's: literals take the user's
// own today, functions a value already moved to the zone that counts.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "sandbox/value.h"

namespace firn::sandbox::soql {

// The org's fiscal year. Source: Salesforce Help, 'Set the Fiscal Year', read 2026-11.
struct FiscalYear {
  int start_month = 1;          // 1..12
  bool named_by_start = false;  // else by the year it ends in
};

// Days since 1970-01-01, the end not included.
struct DayRange {
  int64_t from = 0;
  int64_t to = 0;
};
// `literal` in upper case, known to the parser. `today` in days since 1970-01-01.
[[nodiscard]] DayRange RangeOf(std::string_view literal, int64_t n, int64_t today,
                               const FiscalYear& fiscal);

[[nodiscard]] bool IsDateFunction(std::string_view function);
// Of a date or an instant; null for null.
[[nodiscard]] Value ApplyDateFunction(std::string_view function, const Value& value,
                                      const FiscalYear& fiscal);

}  // namespace firn::sandbox::soql
