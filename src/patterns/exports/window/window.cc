#include "patterns/exports/window/window.h"

#include <algorithm>

#include "core/base/time_text.h"

namespace firn::exports {
namespace {

constexpr std::chrono::minutes kWindowLeast{1};
// REST API Developer Guide, "sObject Get Deleted", read 2026-11: not more than 15 days back, the
// end more than a minute after the start. An hour is kept for what passes until the org looks.
constexpr std::chrono::hours kDeletedLookBack{15 * 24 - 1};
constexpr std::chrono::minutes kDeletedRangeLeast{2};

UtcMicros WholeSeconds(UtcMicros time) { return std::chrono::floor<std::chrono::seconds>(time); }

}  // namespace

Window PlanWindow(const WindowQuestion& question, const IncrementalSpec& spec) {
  const UtcMicros until = WholeSeconds(question.org_now - spec.lag);
  if (until <= question.watermark) {
    return {.start = question.watermark, .end = question.watermark, .until = question.watermark};
  }
  return {.start = WholeSeconds(question.watermark - spec.overlap), .end = until, .until = until};
}

Window FitWindow(const Window& window, UtcMicros watermark, const WindowSize& size,
                 int64_t rows_max) {
  const bool counting_takes_too_long = !size.rows.has_value();
  const bool too_large = size.rows.value_or(0) > rows_max;
  if (window.empty() || (!counting_takes_too_long && !too_large)) return window;
  // Each window costs a job: where few are left, one large window takes fewer.
  if (too_large && size.jobs_are_scarce) return window;
  const auto span = window.end - watermark;
  const double share = counting_takes_too_long
                           ? 0.5
                           : static_cast<double>(rows_max) / static_cast<double>(*size.rows);
  const auto shorter = std::chrono::duration_cast<std::chrono::microseconds>(span * share);
  Window fitted = window;
  fitted.end = std::min(window.end, std::max(WholeSeconds(watermark + shorter),
                                             WholeSeconds(watermark + kWindowLeast)));
  return fitted;
}

std::string WindowCondition(const std::string& cursor, const Window& window,
                            const std::string& where) {
  const std::string own = cursor + " >= " + FormatUtc(window.start, 0) + " AND " + cursor + " < " +
                          FormatUtc(window.end, 0);
  return where.empty() ? own : "(" + where + ") AND " + own;
}

DeletedRange RangeOfDeletes(UtcMicros from, UtcMicros org_now) {
  const UtcMicros earliest = org_now - kDeletedLookBack;
  DeletedRange range{.start = WholeSeconds(std::max(from, earliest)), .end = WholeSeconds(org_now)};
  range.reaches_back = from >= earliest;
  range.start = std::min(range.start, range.end - kDeletedRangeLeast);
  return range;
}

bool IsDue(const std::string& last, std::chrono::milliseconds every, UtcMicros org_now) {
  if (every.count() <= 0) return false;
  const auto at = ParseInstant(last);
  return !at || org_now - *at >= every;
}

}  // namespace firn::exports
