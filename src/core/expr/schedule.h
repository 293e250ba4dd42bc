// Schedule: when something is due, in the words of EventBridge Scheduler: `cron(m h dom mon dow
// y)`, `rate(5 minutes)`, `at(2026-11-26T02:00:00)`.
//
// cron and at are of a time zone: a time that the clocks skip in spring is skipped, one that they
// show twice in autumn counts once, at its first showing. rate counts from its start; a day is 24
// hours. A value; any thread. Sources: EventBridge Scheduler User Guide, "Schedule types" and its
// section on daylight saving time; EventBridge User Guide, "Cron expressions reference"; read
// 2026-11.
#pragma once

#include <array>
#include <bitset>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/base/time_zone.h"

namespace firn::expr {

class Schedule {
 public:
  static constexpr int kYearFirst = 1970;
  static constexpr int kYearLast = 2199;

  // Errors: BadInput (EXPR-SCHEDULE-001) with the field and what it takes.
  [[nodiscard]] static Result<Schedule> Parse(std::string_view text, TimeZone zone);
  // The first time after `after`; nothing when there is none. `start`: what rates count from.
  [[nodiscard]] std::optional<UtcSeconds> Next(UtcSeconds after, UtcSeconds start) const;
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  friend class CronReader;
  // Days of the month, as the field asks for them.
  struct MonthDays {
    bool any = false;  // `?`
    bool last = false;
    bool last_weekday = false;  // `LW`
    std::bitset<32> days;
    std::bitset<32> nearest_weekdays;  // `15W`
  };
  struct WeekDays {
    bool any = false;
    std::bitset<8> days;                // 1 Sunday .. 7 Saturday
    std::bitset<8> lasts;               // `6L`
    std::array<std::bitset<8>, 6> nth;  // `6#3`: nth[3][6]
  };
  enum class Kind { kCron, kRate, kAt };

  [[nodiscard]] bool DayFits(std::chrono::year_month_day date) const;
  [[nodiscard]] bool MonthDayFits(std::chrono::year_month_day date) const;
  [[nodiscard]] bool WeekDayFits(std::chrono::year_month_day date) const;
  [[nodiscard]] std::optional<UtcSeconds> NextCron(UtcSeconds after) const;

  std::string text_;
  TimeZone zone_;
  Kind kind_ = Kind::kCron;
  std::chrono::seconds every_{0};  // kRate
  LocalSeconds at_{};              // kAt
  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<13> months_;
  std::bitset<kYearLast - kYearFirst + 1> years_;
  MonthDays month_days_;
  WeekDays week_days_;
};

}  // namespace firn::expr
