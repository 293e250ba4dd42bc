#include "app/engine/schedule.h"

#include <charconv>
#include <string_view>

#include "core/base/time_zone.h"
#include "core/expr/schedule.h"

namespace firn::engine {
namespace {

using std::chrono::microseconds;
constexpr int64_t kCountMax = 1'000'000;

class Rate final : public Schedule {
 public:
  explicit Rate(microseconds every) : every_(every) {}
  std::optional<UtcMicros> NextAfter(UtcMicros after) const override { return after + every_; }
  bool is_rate() const override { return true; }

 private:
  microseconds every_;
};

// Times of a calendar.
class Calendar final : public Schedule {
 public:
  explicit Calendar(expr::Schedule schedule) : schedule_(std::move(schedule)) {}
  std::optional<UtcMicros> NextAfter(UtcMicros after) const override {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(after);
    const auto next = schedule_.Next(seconds, seconds);
    if (!next) return std::nullopt;
    return UtcMicros(*next);
  }
  bool is_rate() const override { return false; }

 private:
  expr::Schedule schedule_;
};

tl::unexpected<Error> Refused(const ScheduleText& text, std::string why) {
  return Fail(Error(Kind::kBadConfig, "ENGINE-SCHEDULE-001", "`" + text.when + "` is no schedule")
                  .At(text.where)
                  .Because(std::move(why))
                  .Hint("for example `rate(5 minutes)` or `cron(0 3 * * ? *)`"));
}

std::optional<microseconds> UnitOf(std::string_view word, bool one) {
  struct Unit {
    std::string_view one;
    std::string_view many;
    microseconds length;
  };
  static constexpr Unit kUnits[] = {{"second", "seconds", std::chrono::seconds(1)},
                                    {"minute", "minutes", std::chrono::minutes(1)},
                                    {"hour", "hours", std::chrono::hours(1)},
                                    {"day", "days", std::chrono::hours(24)}};
  for (const Unit& unit : kUnits) {
    if (word == (one ? unit.one : unit.many)) return unit.length;
  }
  return std::nullopt;
}

Result<std::shared_ptr<const Schedule>> ParseRate(const ScheduleText& text,
                                                  std::string_view inside) {
  int64_t count = 0;
  const auto [end, error] = std::from_chars(inside.data(), inside.data() + inside.size(), count);
  if (error != std::errc() || count < 1 || count > kCountMax) {
    return Refused(text, "a rate begins with a whole number above 0");
  }
  std::string_view rest(end, static_cast<size_t>(inside.data() + inside.size() - end));
  if (!rest.starts_with(' ')) return Refused(text, "a space goes between number and unit");
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  const auto unit = UnitOf(rest, count == 1);
  if (!unit) {
    return Refused(text, count == 1 ? "one takes `second`, `minute`, `hour` or `day`"
                                    : "several take `seconds`, `minutes`, `hours` or `days`");
  }
  return std::make_shared<Rate>(*unit * count);
}

}  // namespace

Result<std::shared_ptr<const Schedule>> ParseSchedule(const ScheduleText& text) {
  const std::string_view when = text.when;
  if (!when.ends_with(')')) return Refused(text, "it ends with no `)`");
  if (when.starts_with("rate(")) return ParseRate(text, when.substr(5, when.size() - 6));
  auto zone = FindTimeZone(text.time_zone.empty() ? "UTC" : text.time_zone);
  if (!zone) return Refused(text, zone.error().what());
  auto schedule = expr::Schedule::Parse(when, *std::move(zone));
  if (!schedule) {
    const Error& error = schedule.error();
    return Refused(text, error.why().empty() ? error.what() : error.what() + ": " + error.why());
  }
  return std::make_shared<Calendar>(*std::move(schedule));
}

}  // namespace firn::engine
