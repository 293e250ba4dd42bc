// Record ids as rows are named by them: 18 characters. Internal to events; pure.
// Source: Object Reference, "ID Field Type" (the last three characters tell the case of the
// others).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace firn::events {

// Nothing for what is no id: 15 or 18 letters and digits.
[[nodiscard]] std::optional<std::string> CanonicalId(std::string_view id);

}  // namespace firn::events
