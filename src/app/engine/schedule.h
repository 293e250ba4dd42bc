// Schedule: the instants at which a job is due. Values, any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/base/error.h"

namespace firn::engine {

class Schedule {
 public:
  virtual ~Schedule() = default;
  // The first instant after `after`; nothing when there is none any more.
  [[nodiscard]] virtual std::optional<UtcMicros> NextAfter(UtcMicros after) const = 0;
  // A fixed distance from run to run, not from times of the calendar.
  [[nodiscard]] virtual bool is_rate() const = 0;
};

struct ScheduleText {
  std::string when;       // `rate(5 minutes)`
  std::string time_zone;  // of a cron
  std::string where;      // file:line:col, for messages
};
// `rate(N minute|minutes|hour|hours|day|days)` with N > 0, and seconds as our own addition;
// `cron(..)` and `at(..)` as room expr has them, of the time zone. Errors: BadConfig
// (ENGINE-SCHEDULE-001).
// Source: Amazon EventBridge User Guide, "Rate expressions", read 2026-11.
[[nodiscard]] Result<std::shared_ptr<const Schedule>> ParseSchedule(const ScheduleText& text);

}  // namespace firn::engine
