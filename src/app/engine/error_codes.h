// The pages of `firn explain` for engine's codes.
#pragma once

#include <span>

#include "core/base/error.h"

namespace firn::engine {

[[nodiscard]] std::span<const ErrorCode> ErrorCodes();

}  // namespace firn::engine
