#include <algorithm>
#include <charconv>
#include <chrono>

#include "ends/salesforce/internal/rest_internal.h"

namespace firn::salesforce {
namespace {

using std::chrono::months;
using std::chrono::sys_days;
using std::chrono::year_month_day;

// Version 59.0 is Winter '24, of October 2023; a release comes every four months.
constexpr int kKnownVersion = 59;
constexpr year_month_day kKnownRelease{std::chrono::year(2023), std::chrono::October,
                                       std::chrono::day(15)};
constexpr int kMonthsARelease = 4;

int MajorOf(std::string_view version) {
  int major = 0;
  const auto parsed = std::from_chars(version.data(), version.data() + version.size(), major);
  return parsed.ec == std::errc() ? major : 0;
}

}  // namespace

std::string NormalVersion(std::string_view version) {
  if (version.starts_with('v') || version.starts_with('V')) version.remove_prefix(1);
  const int major = MajorOf(version);
  return major > 0 ? std::to_string(major) + ".0" : std::string(version);
}

VersionCheck CheckVersion(std::string pinned, std::vector<ApiVersion> offered, UtcMicros now) {
  std::sort(offered.begin(), offered.end(), [](const ApiVersion& a, const ApiVersion& b) {
    return MajorOf(a.version) < MajorOf(b.version);
  });
  VersionCheck check{NormalVersion(pinned), std::move(offered), false, false, {}};
  const int major = MajorOf(check.pinned);
  check.is_offered =
      std::any_of(check.offered.begin(), check.offered.end(),
                  [&](const ApiVersion& one) { return MajorOf(one.version) == major; });
  const year_month_day released = kKnownRelease + months(kMonthsARelease * (major - kKnownVersion));
  const year_month_day aged = released + std::chrono::years(3);
  check.older_than_three_years = sys_days(aged) <= std::chrono::floor<std::chrono::days>(now);
  if (check.offered.empty()) return check;
  const std::string newest = check.offered.back().version;
  if (!check.is_offered && major < MajorOf(check.offered.front().version)) {
    check.warnings.push_back("API version " + check.pinned + " is retired: the org offers " +
                             check.offered.front().version + " to " + newest);
  } else if (!check.is_offered) {
    check.warnings.push_back("the org does not offer API version " + check.pinned +
                             " yet: its newest is " + newest);
  } else if (check.older_than_three_years) {
    check.warnings.push_back("API version " + check.pinned +
                             " is older than three years and may be retired; the org's newest is " +
                             newest);
  }
  return check;
}

}  // namespace firn::salesforce
