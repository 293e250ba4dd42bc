#include "core/expr/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <span>
#include <vector>

namespace firn::expr {
namespace {

using namespace std::chrono;

constexpr std::string_view kMonths[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                        "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::string_view kWeekDays[] = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

Error Mistake(std::string_view text, std::string why) {
  return Error(Kind::kBadInput, "EXPR-SCHEDULE-001",
               "`" + std::string(text) + "` is not a valid schedule expression")
      .Because(std::move(why))
      .Hint("for example `cron(0 9 ? * MON-FRI *)`, `rate(5 minutes)`, `at(2026-11-26T02:00:00)`");
}

std::string Upper(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(), ::toupper);
  return upper;
}

std::optional<int> WholeNumber(std::string_view text) {
  int value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || text.front() == '-' || failed != std::errc() ||
      end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

std::vector<std::string_view> Split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of(separators), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

// 1 Sunday .. 7 Saturday, as cron counts.
unsigned CronWeekDay(year_month_day date) { return weekday(sys_days(date)).c_encoding() + 1; }

unsigned LastDay(year_month_day date) {
  return static_cast<unsigned>((date.year() / date.month() / last).day());
}

// The weekday nearest to a day, within its month.
unsigned NearestWeekDay(year_month_day date, unsigned day) {
  const unsigned end = LastDay(date);
  if (day > end) return 0;
  const unsigned which = CronWeekDay(date.year() / date.month() / std::chrono::day(day));
  if (which == 7) return day == 1 ? 3 : day - 1;
  if (which == 1) return day == end ? day - 2 : day + 1;
  return day;
}

}  // namespace

// Reads the six fields of a cron expression.
class CronReader {
 public:
  CronReader(std::string_view whole, Schedule* schedule) : whole_(whole), schedule_(schedule) {}

  Result<void> Read(std::string_view inner) {
    std::vector<std::string_view> fields = Split(inner, " \t");
    std::erase(fields, std::string_view());
    if (fields.size() != 6) {
      return Fail(Mistake(whole_, fmt::format("cron has six fields, not {}", fields.size())));
    }
    Field minutes{"minutes", 0, 59, {}};
    Field hours{"hours", 0, 23, {}};
    Field months{"month", 1, 12, kMonths};
    Field years{"year", Schedule::kYearFirst, Schedule::kYearLast, {}};
    FIRN_CHECK(Values(fields[0], minutes, [&](int v) { schedule_->minutes_.set(size_t(v)); }));
    FIRN_CHECK(Values(fields[1], hours, [&](int v) { schedule_->hours_.set(size_t(v)); }));
    FIRN_CHECK(MonthDays(fields[2]));
    FIRN_CHECK(Values(fields[3], months, [&](int v) { schedule_->months_.set(size_t(v)); }));
    FIRN_CHECK(WeekDays(fields[4]));
    FIRN_CHECK(Values(fields[5], years,
                      [&](int v) { schedule_->years_.set(size_t(v - Schedule::kYearFirst)); }));
    if (schedule_->month_days_.any == schedule_->week_days_.any) {
      return Fail(Mistake(whole_, "one of day-of-month and day-of-week is `?`, the other is not"));
    }
    return {};
  }

 private:
  struct Field {
    std::string_view name;
    int first;
    int last;
    std::span<const std::string_view> words;
  };

  Error Bad(const Field& field, std::string_view part) const {
    return Mistake(whole_, fmt::format("`{}` in {}, which takes {} to {}", part, field.name,
                                       field.first, field.last));
  }

  Result<int> One(const Field& field, std::string_view part) const {
    const std::string upper = Upper(part);
    for (size_t i = 0; i < field.words.size(); ++i) {
      if (field.words[i] == upper) return field.first + static_cast<int>(i);
    }
    const auto value = WholeNumber(part);
    if (!value || *value < field.first || *value > field.last) return Fail(Bad(field, part));
    return *value;
  }

  template <typename Set>
  Result<void> Values(std::string_view text, const Field& field, Set set) const {
    for (const std::string_view part : Split(text, ",")) FIRN_CHECK(Part(part, field, set));
    if (text.empty() || text.ends_with(',')) return Fail(Bad(field, text));
    return {};
  }

  // `*`, `7`, `1-5`, `0/15`, `*/2`, `8-18/2`.
  template <typename Set>
  Result<void> Part(std::string_view part, const Field& field, Set set) const {
    const size_t slash = part.find('/');
    int step = 1;
    if (slash != std::string_view::npos) {
      const auto value = WholeNumber(part.substr(slash + 1));
      if (!value || *value < 1) return Fail(Bad(field, part));
      step = *value;
    }
    const std::string_view range = part.substr(0, slash);
    int begin = field.first;
    int end = field.last;
    if (range != "*") {
      const size_t dash = range.find('-');
      FIRN_TRY(begin, One(field, range.substr(0, dash)));
      if (dash != std::string_view::npos) {
        FIRN_TRY(end, One(field, range.substr(dash + 1)));
        if (end < begin) return Fail(Bad(field, part));
      } else if (slash == std::string_view::npos) {
        end = begin;
      }
    }
    for (int value = begin; value <= end; value += step) set(value);
    return {};
  }

  Result<void> MonthDays(std::string_view text) {
    const Field field{"day-of-month", 1, 31, {}};
    Schedule::MonthDays& days = schedule_->month_days_;
    if (text == "?") {
      days.any = true;
      return {};
    }
    for (const std::string_view part : Split(text, ",")) {
      const std::string upper = Upper(part);
      if (upper == "L") {
        days.last = true;
      } else if (upper == "LW") {
        days.last_weekday = true;
      } else if (upper.ends_with('W')) {
        FIRN_TRY(const int day, One(field, part.substr(0, part.size() - 1)));
        days.nearest_weekdays.set(static_cast<size_t>(day));
      } else {
        FIRN_CHECK(Part(part, field, [&](int v) { days.days.set(size_t(v)); }));
      }
    }
    if (text.empty() || text.ends_with(',')) return Fail(Bad(field, text));
    return {};
  }

  Result<void> WeekDays(std::string_view text) {
    const Field field{"day-of-week", 1, 7, kWeekDays};
    Schedule::WeekDays& days = schedule_->week_days_;
    if (text == "?") {
      days.any = true;
      return {};
    }
    for (const std::string_view part : Split(text, ",")) {
      const std::string upper = Upper(part);
      const size_t hash = part.find('#');
      if (upper == "L") {
        days.days.set(7);  // the week's last day
      } else if (hash != std::string_view::npos) {
        FIRN_TRY(const int day, One(field, part.substr(0, hash)));
        const auto nth = WholeNumber(part.substr(hash + 1));
        if (!nth || *nth < 1 || *nth > 5) return Fail(Bad(field, part));
        days.nth[static_cast<size_t>(*nth)].set(static_cast<size_t>(day));
      } else if (upper.ends_with('L')) {
        FIRN_TRY(const int day, One(field, part.substr(0, part.size() - 1)));
        days.lasts.set(static_cast<size_t>(day));
      } else {
        FIRN_CHECK(Part(part, field, [&](int v) { days.days.set(size_t(v)); }));
      }
    }
    if (text.empty() || text.ends_with(',')) return Fail(Bad(field, text));
    return {};
  }

  std::string_view whole_;
  Schedule* schedule_;
};

namespace {

Result<seconds> ReadRate(std::string_view whole, std::string_view inner) {
  std::vector<std::string_view> parts = Split(inner, " \t");
  std::erase(parts, std::string_view());
  constexpr int kMost = 100'000'000;
  const auto value = parts.size() == 2 ? WholeNumber(parts[0]) : std::nullopt;
  if (!value || *value < 1 || *value > kMost) {
    return Fail(Mistake(whole, "rate takes a positive number and a unit"));
  }
  const std::string_view unit = parts[1];
  if (unit == "minute" || unit == "minutes") return seconds(minutes(*value));
  if (unit == "hour" || unit == "hours") return seconds(hours(*value));
  if (unit == "day" || unit == "days") return seconds(hours(24)) * *value;
  return Fail(Mistake(whole, "the units of rate are minutes, hours and days"));
}

// `2026-11-26T02:00:00`.
Result<LocalSeconds> ReadAt(std::string_view whole, std::string_view inner) {
  const Error wrong = Mistake(whole, "at takes `yyyy-mm-ddThh:mm:ss`");
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd";
  if (inner.size() != kShape.size()) return Fail(wrong);
  for (size_t i = 0; i < kShape.size(); ++i) {
    const bool digit = inner[i] >= '0' && inner[i] <= '9';
    if (kShape[i] == 'd' ? !digit : inner[i] != kShape[i]) return Fail(wrong);
  }
  const auto number = [&](size_t at, size_t digits) {
    return *WholeNumber(inner.substr(at, digits));
  };
  const year_month_day date = year(number(0, 4)) / month(static_cast<unsigned>(number(5, 2))) /
                              day(static_cast<unsigned>(number(8, 2)));
  const int hour = number(11, 2);
  const int minute = number(14, 2);
  const int second = number(17, 2);
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return Fail(wrong);
  return local_days(date) + hours(hour) + minutes(minute) + seconds(second);
}

}  // namespace

Result<Schedule> Schedule::Parse(std::string_view text, TimeZone zone) {
  Schedule schedule;
  schedule.text_ = text;
  schedule.zone_ = std::move(zone);
  const size_t open = text.find('(');
  constexpr size_t kBytesMax = 256;
  if (open == std::string_view::npos || !text.ends_with(')') || text.size() > kBytesMax) {
    return Fail(Mistake(text.substr(0, kBytesMax), "it is neither cron(..), rate(..) nor at(..)"));
  }
  const std::string_view word = text.substr(0, open);
  const std::string_view inner = text.substr(open + 1, text.size() - open - 2);
  if (word == "cron") {
    FIRN_CHECK(CronReader(text, &schedule).Read(inner));
    return schedule;
  }
  if (word == "rate") {
    schedule.kind_ = Kind::kRate;
    FIRN_TRY(schedule.every_, ReadRate(text, inner));
    return schedule;
  }
  if (word == "at") {
    schedule.kind_ = Kind::kAt;
    FIRN_TRY(schedule.at_, ReadAt(text, inner));
    return schedule;
  }
  return Fail(Mistake(text, "it is neither cron(..), rate(..) nor at(..)"));
}

bool Schedule::MonthDayFits(year_month_day date) const {
  const unsigned today = static_cast<unsigned>(date.day());
  if (month_days_.any || month_days_.days.test(today)) return true;
  const unsigned end = LastDay(date);
  if (month_days_.last && today == end) return true;
  if (month_days_.last_weekday && today == NearestWeekDay(date, end)) return true;
  for (unsigned day = 1; day <= end; ++day) {
    if (month_days_.nearest_weekdays.test(day) && NearestWeekDay(date, day) == today) return true;
  }
  return false;
}

bool Schedule::WeekDayFits(year_month_day date) const {
  const unsigned which = CronWeekDay(date);
  const unsigned today = static_cast<unsigned>(date.day());
  if (week_days_.any || week_days_.days.test(which)) return true;
  if (week_days_.lasts.test(which) && today + 7 > LastDay(date)) return true;
  return week_days_.nth[(today - 1) / 7 + 1].test(which);
}

bool Schedule::DayFits(year_month_day date) const {
  const int year = static_cast<int>(date.year());
  return year >= kYearFirst && year <= kYearLast &&
         years_.test(static_cast<size_t>(year - kYearFirst)) &&
         months_.test(static_cast<unsigned>(date.month())) && MonthDayFits(date) &&
         WeekDayFits(date);
}

std::optional<UtcSeconds> Schedule::NextCron(UtcSeconds after) const {
  // A day early: what the clocks showed twice lies before `after` on the local calendar.
  local_days day = floor<days>(zone_.LocalOf(after)) - days(1);
  for (;; day += days(1)) {
    const year_month_day date(day);
    if (static_cast<int>(date.year()) > kYearLast) return std::nullopt;
    if (!DayFits(date)) continue;
    std::optional<UtcSeconds> best;
    for (size_t hour = 0; hour < hours_.size(); ++hour) {
      if (!hours_.test(hour)) continue;
      for (size_t minute = 0; minute < minutes_.size(); ++minute) {
        if (!minutes_.test(minute)) continue;
        const auto instants = zone_.InstantsOf(day + hours(hour) + minutes(minute));
        if (instants.empty() || instants.front() <= after) continue;
        if (!best || instants.front() < *best) best = instants.front();
      }
    }
    if (best) return best;
  }
}

std::optional<UtcSeconds> Schedule::Next(UtcSeconds after, UtcSeconds start) const {
  if (kind_ == Kind::kCron) return NextCron(after);
  if (kind_ == Kind::kRate) {
    if (after < start) return start;
    return start + every_ * ((after - start) / every_ + 1);
  }
  // Once, and never in silence: a time that the clocks skip comes as long after midnight as
  // written.
  const auto instants = zone_.InstantsOf(at_);
  const UtcSeconds due =
      instants.empty()
          ? UtcSeconds((at_ - zone_.OffsetAt(UtcSeconds(at_.time_since_epoch()) - hours(24)))
                           .time_since_epoch())
          : instants.front();
  if (due <= after) return std::nullopt;
  return due;
}

}  // namespace firn::expr
