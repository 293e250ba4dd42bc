// The differences in which long texts may be sent: a unified diff under the hash of the new text.
// Pure.
// Source: Change Data Capture Developer Guide, "Sending Data Differences for Fields of Updated
// Records", "Data Differences in Event Fields", read 2026-11.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace firn::events {

// The new text, made of the old one and `--- \n+++ <SHA-256 of the new text>\n@@ -2,1 +2,1 @@\n..`.
// Nothing when the diff is malformed, does not fit `before`, or the result has another hash: then
// the text must be read from the org. A diff without a hash counts when it fits.
[[nodiscard]] std::optional<std::string> ApplyDiff(std::string_view before, std::string_view diff);

}  // namespace firn::events
