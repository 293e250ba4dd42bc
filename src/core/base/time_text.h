// ISO 8601 text of instants, dates and durations. Pure functions.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/error.h"

namespace firn {

// `2026-11-24T02:56:02.123Z`; `digits` 0, 3 or 6 of the second's fraction.
[[nodiscard]] std::string FormatUtc(UtcMicros time, int digits = 3);
// `2026-11-24`.
[[nodiscard]] std::string FormatDate(std::chrono::sys_days day);
// Accepts `Z`, `+00:00`, `+0000`, `-08:00`, 0 to 9 fraction digits (cut to microseconds).
// Errors: BadInput (BASE-TIME-001).
[[nodiscard]] Result<UtcMicros> ParseInstant(std::string_view text);
[[nodiscard]] Result<std::chrono::sys_days> ParseDate(std::string_view text);
// `30s`, `5m`, `250ms`, `2h`, `7d`, and sums like `1h30m`. Errors: BadInput (BASE-TIME-002).
[[nodiscard]] Result<std::chrono::milliseconds> ParseDuration(std::string_view text);
[[nodiscard]] std::string FormatDuration(std::chrono::milliseconds duration);
// `512MiB`, `1.5GiB`, `100MB`, `4096`. Errors: BadInput (BASE-TIME-003).
[[nodiscard]] Result<int64_t> ParseBytes(std::string_view text);

}  // namespace firn
