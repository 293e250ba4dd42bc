// The pages of `firn explain` for this room's error codes.
#pragma once

#include <span>

#include "core/base/error.h"

namespace firn::federation {

[[nodiscard]] std::span<const ErrorCode> ErrorCodes();

}  // namespace firn::federation
