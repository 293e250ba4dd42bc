// The pages of `firn explain` for the codes of the state room.
#pragma once

#include <span>

#include "core/base/error.h"

namespace firn::state {

[[nodiscard]] std::span<const ErrorCode> ErrorCodes();

}  // namespace firn::state
