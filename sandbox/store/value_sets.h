// Picklists that several fields share and that no admin changes: time zones, locales, languages,
// e-mail encodings. Object files name them by `valueSet`. Pure; any thread.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "sandbox/schema.h"

namespace firn::sandbox {

// `time_zones`, `locales`, `languages`, `email_encodings`; nothing when there is no such set.
[[nodiscard]] std::optional<std::vector<PicklistValue>> ValueSet(std::string_view name);

// `+14:00|Line Islands Time|Pacific/Kiritimati ..`: an offset and a name with their zones a line.
[[nodiscard]] std::string_view TimeZoneLines();

}  // namespace firn::sandbox
