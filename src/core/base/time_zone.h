// TimeZone: a zone of the IANA database (`Europe/Berlin`), from the system's files.
//
// Immutable; any thread. Local times are seconds since 1970-01-01T00:00 of the local calendar, with
// no zone of their own. Source: RFC 8536, "The Time Zone Information Format (TZif)"; POSIX, TZ
// environment variable.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace firn {

using UtcSeconds = std::chrono::sys_seconds;
using LocalSeconds = std::chrono::local_seconds;

class TimeZone {
 public:
  [[nodiscard]] static const TimeZone& Utc();
  // Errors: Corrupt (BASE-ZONE-002).
  [[nodiscard]] static Result<TimeZone> FromTzif(std::string_view bytes, std::string name);

  [[nodiscard]] const std::string& name() const { return name_; }
  // Local time minus UTC.
  [[nodiscard]] std::chrono::seconds OffsetAt(UtcSeconds time) const;
  [[nodiscard]] LocalSeconds LocalOf(UtcSeconds time) const {
    return LocalSeconds((time + OffsetAt(time)).time_since_epoch());
  }
  // When the clocks show `local`: never (skipped in spring), once, or twice (autumn), earliest
  // first.
  [[nodiscard]] std::vector<UtcSeconds> InstantsOf(LocalSeconds local) const;

 private:
  friend class ZoneReader;
  // A day of the year as POSIX has them: `M3.5.0`, `J60`, `59`.
  struct YearDay {
    enum class Kind { kMonthWeekDay, kJulian, kZeroBased };
    Kind kind = Kind::kMonthWeekDay;
    int month = 0;
    int week = 0;
    int day = 0;
    std::chrono::seconds time{7200};
  };
  // What holds after the last transition that is written out.
  struct Rule {
    std::chrono::seconds standard{0};
    std::chrono::seconds summer{0};
    bool has_summer = false;
    YearDay begin, end;
  };

  [[nodiscard]] static LocalSeconds DayIn(const YearDay& day, std::chrono::year year);
  [[nodiscard]] std::chrono::seconds RuleOffsetAt(UtcSeconds time) const;

  std::string name_ = "UTC";
  std::vector<std::pair<UtcSeconds, std::chrono::seconds>> transitions_;  // ascending
  std::chrono::seconds first_offset_{0};
  std::optional<Rule> rule_;
};

// From the folder TZDIR or /usr/share/zoneinfo. Errors: NotFound (BASE-ZONE-001), Corrupt (-002).
[[nodiscard]] Result<TimeZone> FindTimeZone(std::string_view name);

}  // namespace firn
