// One log event as text. Pure, so that the escaping can be tested without a sink.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/log.h"

namespace firn::log {

// `ts=.. level=warn event=net.drop key=value`; values with spaces, quotes, `=` or control
// characters are quoted and escaped.
[[nodiscard]] std::string LogfmtLine(UtcMicros time, Level level, std::string_view event,
                                     std::initializer_list<Field> fields);
// One JSON object (RFC 8259), without line feed. Bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string JsonLine(UtcMicros time, Level level, std::string_view event,
                                   std::initializer_list<Field> fields);

}  // namespace firn::log
