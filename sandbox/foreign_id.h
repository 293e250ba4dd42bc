// Record ids of another org. Pure; any thread.
#pragma once

#include <string_view>

namespace firn::sandbox {

// Well-formed (15 characters, or 18 that fit each other), but not of this org: a client that names
// one names a record that is not there, not a malformed id.
[[nodiscard]] bool IsForeignId(std::string_view text);

}  // namespace firn::sandbox
