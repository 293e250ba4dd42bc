// The pages of `firn explain` for base's own codes.
#pragma once

#include <span>

#include "core/base/error.h"

namespace firn::base {

[[nodiscard]] std::span<const ErrorCode> ErrorCodes();

}  // namespace firn::base
