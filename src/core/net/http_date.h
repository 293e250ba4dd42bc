// HTTP dates (RFC 9110 section 5.6.7). Pure functions.
#pragma once

#include <optional>
#include <string_view>

#include "core/base/clock.h"

namespace firn::net {

// `Tue, 24 Nov 2026 03:13:04 GMT`; nothing for any other text.
[[nodiscard]] std::optional<UtcMicros> ParseHttpDate(std::string_view text);

}  // namespace firn::net
