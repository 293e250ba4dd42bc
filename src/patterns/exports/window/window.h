// Windows: which stretch of an object's changes the next run reads, by the cursor field. Internal
// to exports; pure.
//
// A window is `[start, end)` of stamps. Its end stays behind the org's present by the lag, its
// start reaches back behind the last end by the overlap, so that what commits late with an earlier
// stamp is read (R1). Stamps are whole seconds; all bounds are cut to them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "patterns/exports/export.h"

namespace firn::exports {

struct Window {
  UtcMicros start{};
  UtcMicros end{};
  UtcMicros until{};  // where the run wants to arrive; after `end` when it takes several windows
  // Nothing new can be in it: the org's present is not past the watermark by more than the lag.
  [[nodiscard]] bool empty() const { return end <= start; }
  bool operator==(const Window&) const = default;
};

struct WindowQuestion {
  UtcMicros watermark;  // end of the last window
  UtcMicros org_now;
};
// The window from the watermark up to the present. One whose present lies before the watermark
// (a clock set back) is empty.
[[nodiscard]] Window PlanWindow(const WindowQuestion& question, const IncrementalSpec& spec);

// What is known of how large a window would be.
struct WindowSize {
  std::optional<int64_t> rows;   // nothing: the count timed out
  bool jobs_are_scarce = false;  // the day's query jobs are nearly used up: rather one large window
};
// The part of `window` that should be read next (R11): the same, or one that ends earlier because
// it holds more rows than `rows_max` or because even counting it takes too long. Never shorter than
// a minute past the watermark.
[[nodiscard]] Window FitWindow(const Window& window, UtcMicros watermark, const WindowSize& size,
                               int64_t rows_max);

// `SystemModstamp >= 2026-11-24T02:00:00Z AND SystemModstamp < ..`, and `where` in parentheses.
[[nodiscard]] std::string WindowCondition(const std::string& cursor, const Window& window,
                                          const std::string& where);

// What getDeleted may be asked so that deletes from `from` on are told.
struct DeletedRange {
  UtcMicros start{};
  UtcMicros end{};
  bool reaches_back = true;  // false: `from` is more than 15 days ago, the list begins later
};
[[nodiscard]] DeletedRange RangeOfDeletes(UtcMicros from, UtcMicros org_now);

// Whether something done `last` (ISO 8601; empty: never) is due again.
[[nodiscard]] bool IsDue(const std::string& last, std::chrono::milliseconds every,
                         UtcMicros org_now);

}  // namespace firn::exports
