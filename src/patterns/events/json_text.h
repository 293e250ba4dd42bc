// Text as JSON. Internal to events; pure.
#pragma once

#include <string>
#include <string_view>

namespace firn::events {

// With its quotes, appended. Bytes that are not UTF-8 become U+FFFD, one for each.
void AppendJsonText(std::string_view text, std::string& json);

}  // namespace firn::events
