#include "core/base/time_text.h"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <span>

namespace firn {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// A cursor over text; every step says whether it could be taken.
struct Scanner {
  std::string_view rest;

  bool Take(char c) {
    if (rest.empty() || rest.front() != c) return false;
    rest.remove_prefix(1);
    return true;
  }
  // Exactly `count` digits.
  bool Digits(size_t count, int& value) {
    if (rest.size() < count) return false;
    value = 0;
    for (size_t i = 0; i < count; ++i) {
      if (rest[i] < '0' || rest[i] > '9') return false;
      value = value * 10 + (rest[i] - '0');
    }
    rest.remove_prefix(count);
    return true;
  }
  // One or more digits, refusing what overflows.
  bool Number(int64_t& value) {
    size_t count = 0;
    value = 0;
    while (count < rest.size() && rest[count] >= '0' && rest[count] <= '9') {
      if (value > (std::numeric_limits<int64_t>::max() - 9) / 10) return false;
      value = value * 10 + (rest[count++] - '0');
    }
    rest.remove_prefix(count);
    return count > 0;
  }
};

bool ScanDate(Scanner& scan, std::chrono::sys_days& day) {
  int year = 0;
  int month = 0;
  int day_of_month = 0;
  if (!scan.Digits(4, year) || !scan.Take('-') || !scan.Digits(2, month) || !scan.Take('-') ||
      !scan.Digits(2, day_of_month)) {
    return false;
  }
  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day_of_month)));
  if (!date.ok()) return false;
  day = std::chrono::sys_days(date);
  return true;
}

bool ScanTime(Scanner& scan, microseconds& time) {
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (!scan.Digits(2, hour) || !scan.Take(':') || !scan.Digits(2, minute) || !scan.Take(':') ||
      !scan.Digits(2, second) || hour > 23 || minute > 59 || second > 59) {
    return false;
  }
  time = hours(hour) + minutes(minute) + seconds(second);
  if (!scan.Take('.')) return true;
  int64_t micros = 0;
  int digits = 0;
  for (int digit = 0; scan.Digits(1, digit); ++digits) {
    if (digits < 6) micros = micros * 10 + digit;
  }
  if (digits == 0 || digits > 9) return false;
  for (int i = digits; i < 6; ++i) micros *= 10;
  time += microseconds(micros);
  return true;
}

bool ScanZone(Scanner& scan, minutes& offset) {
  if (scan.Take('Z')) return true;
  const bool minus = scan.Take('-');
  if (!minus && !scan.Take('+')) return false;
  int hour = 0;
  int minute = 0;
  if (!scan.Digits(2, hour)) return false;
  (void)scan.Take(':');
  if (!scan.Digits(2, minute) || hour > 23 || minute > 59) return false;
  offset = hours(hour) + minutes(minute);
  if (minus) offset = -offset;
  return true;
}

std::string Shown(std::string_view text) { return std::string(text.substr(0, 64)); }

struct Unit {
  std::string_view name;
  int64_t size;
};

constexpr std::array<Unit, 5> kDurationUnits = {
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

constexpr std::array<Unit, 11> kByteUnits = {{{"", 1},
                                              {"B", 1},
                                              {"kB", 1'000},
                                              {"KB", 1'000},
                                              {"MB", 1'000'000},
                                              {"GB", 1'000'000'000},
                                              {"TB", 1'000'000'000'000},
                                              {"KiB", 1LL << 10},
                                              {"MiB", 1LL << 20},
                                              {"GiB", 1LL << 30},
                                              {"TiB", 1LL << 40}}};

const Unit* FindUnit(std::string_view name, std::span<const Unit> units) {
  for (const Unit& unit : units) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

// A hundred years: longer is a slip of the pen, and sums stay far from overflow.
constexpr int64_t kDurationMax = 36'525 * 86'400'000LL;

}  // namespace

std::string FormatUtc(UtcMicros time, int digits) {
  const auto day = std::chrono::floor<days>(time);
  const auto in_day = time - day;
  const std::chrono::hh_mm_ss clock(std::chrono::floor<seconds>(in_day));
  std::string text = fmt::format("{}T{:02}:{:02}:{:02}", FormatDate(day), clock.hours().count(),
                                 clock.minutes().count(), clock.seconds().count());
  const int64_t micros = (in_day % seconds(1)).count();
  if (digits == 3) text += fmt::format(".{:03}", micros / 1000);
  if (digits == 6) text += fmt::format(".{:06}", micros);
  return text + "Z";
}

std::string FormatDate(std::chrono::sys_days day) {
  const std::chrono::year_month_day date(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

Result<UtcMicros> ParseInstant(std::string_view text) {
  Scanner scan{text};
  std::chrono::sys_days day;
  microseconds time{0};
  minutes offset{0};
  if (!ScanDate(scan, day) || !scan.Take('T') || !ScanTime(scan, time) || !ScanZone(scan, offset) ||
      !scan.rest.empty()) {
    return Fail(Error(Kind::kBadInput, "BASE-TIME-001", "`" + Shown(text) + "` is not an instant")
                    .Because("it should look like `2026-11-24T02:56:02.123Z`"));
  }
  return UtcMicros(day) + time - offset;
}

Result<std::chrono::sys_days> ParseDate(std::string_view text) {
  Scanner scan{text};
  std::chrono::sys_days day;
  if (!ScanDate(scan, day) || !scan.rest.empty()) {
    return Fail(Error(Kind::kBadInput, "BASE-TIME-001", "`" + Shown(text) + "` is not a date")
                    .Because("it should look like `2026-11-24`"));
  }
  return day;
}

Result<milliseconds> ParseDuration(std::string_view text) {
  Scanner scan{text};
  int64_t total = 0;
  bool good = !text.empty();
  while (good && !scan.rest.empty()) {
    int64_t count = 0;
    good = scan.Number(count);
    size_t letters = 0;
    while (letters < scan.rest.size() && scan.rest[letters] >= 'a' && scan.rest[letters] <= 'z') {
      ++letters;
    }
    const Unit* unit = FindUnit(scan.rest.substr(0, letters), kDurationUnits);
    scan.rest.remove_prefix(letters);
    good = good && unit != nullptr && count <= (kDurationMax - total) / unit->size;
    if (good) total += count * unit->size;
  }
  if (!good) {
    return Fail(Error(Kind::kBadInput, "BASE-TIME-002", "`" + Shown(text) + "` is not a duration")
                    .Because("it should look like `30s`, `5m`, `250ms` or `1h30m`"));
  }
  return milliseconds(total);
}

std::string FormatDuration(milliseconds duration) {
  if (duration.count() == 0) return "0s";
  std::string text = duration.count() < 0 ? "-" : "";
  int64_t rest = duration.count() < 0 ? -duration.count() : duration.count();
  for (const Unit& unit : kDurationUnits) {
    if (rest >= unit.size) text += fmt::format("{}{}", rest / unit.size, unit.name);
    rest %= unit.size;
  }
  return text;
}

Result<int64_t> ParseBytes(std::string_view text) {
  Scanner scan{text};
  int64_t whole = 0;
  bool good = scan.Number(whole);
  double fraction = 0;
  if (good && scan.Take('.')) {
    int digit = 0;
    double place = 0.1;
    good = scan.Digits(1, digit);
    for (; good && place > 1e-9; place /= 10) {
      fraction += digit * place;
      if (!scan.Digits(1, digit)) break;
    }
  }
  (void)scan.Take(' ');
  const Unit* unit = FindUnit(scan.rest, kByteUnits);
  if (!good || unit == nullptr || (fraction > 0 && unit->size == 1) ||
      whole > (std::numeric_limits<int64_t>::max() / 2) / unit->size) {
    return Fail(
        Error(Kind::kBadInput, "BASE-TIME-003", "`" + Shown(text) + "` is not a number of bytes")
            .Because("it should look like `512MiB`, `1.5GiB`, `100MB` or `4096`"));
  }
  return whole * unit->size +
         static_cast<int64_t>(fraction * static_cast<double>(unit->size) + 0.5);
}

}  // namespace firn
