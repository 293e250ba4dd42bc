// How many dead letters a project holds, for gauges: read beside whoever writes.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/error.h"

namespace firn::events {

// 0 when there is no outbox. Errors: those of Database.
[[nodiscard]] Result<int64_t> CountLetters(const std::string& state_folder);

}  // namespace firn::events
