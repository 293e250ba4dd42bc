#include "core/net/http_date.h"

#include <charconv>
#include <chrono>

namespace firn::net {
namespace {

constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::optional<int> Number(std::string_view text, size_t at, size_t digits) {
  int value = 0;
  const char* begin = text.data() + at;
  const auto [end, problem] = std::from_chars(begin, begin + digits, value);
  if (problem != std::errc() || end != begin + digits || value < 0) return std::nullopt;
  return value;
}

}  // namespace

std::optional<UtcMicros> ParseHttpDate(std::string_view text) {
  // 0123456789012345678901234567 8
  // Tue, 24 Nov 2026 03:13:04 GMT
  if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT" ||
      text[19] != ':' || text[22] != ':') {
    return std::nullopt;
  }
  const auto day = Number(text, 5, 2);
  const auto year = Number(text, 12, 4);
  const auto hour = Number(text, 17, 2);
  const auto minute = Number(text, 20, 2);
  const auto second = Number(text, 23, 2);
  unsigned month = 0;
  for (unsigned i = 0; i < std::size(kMonths); ++i) {
    if (text.substr(8, 3) == kMonths[i]) month = i + 1;
  }
  if (!day || !year || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(month),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return UtcMicros(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
         std::chrono::minutes(*minute) + std::chrono::seconds(*second);
}

}  // namespace firn::net
