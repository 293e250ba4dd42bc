// The room's error codes, for `firn explain`.
#pragma once

#include <span>

#include "core/base/error.h"

namespace firn::kafka {

[[nodiscard]] std::span<const ErrorCode> ErrorCodes();

}  // namespace firn::kafka
