// Long texts sent as differences: a unified diff instead of the new value.
//
// Pure; any thread. Work and memory are bounded by the lines of both texts: past a bound the whole
// value is sent, as when a diff does not pay.
// Source: Change Data Capture Developer Guide, 'Sending Data Differences for Fields of Updated
// Records', 'Data Differences in Event Fields', read 2026-11.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace firn::sandbox {

inline constexpr size_t kDiffCharactersMin = 1000;

// `--- \n+++ <SHA-256 of the new value, hex>\n@@ -l,n +l,n @@\n-..\n+..`, without context lines.
// Nothing when the guide's conditions say that the value itself is sent: under 1,000 characters,
// lengths or more than a quarter of the lines differ too much, or the diff is not shorter.
[[nodiscard]] std::optional<std::string> UnifiedDiff(std::string_view before,
                                                     std::string_view after);

}  // namespace firn::sandbox
