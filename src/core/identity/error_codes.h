// The pages of `firn explain` for identity's codes.
#pragma once

#include <span>

#include "core/base/error.h"

namespace firn::identity {

[[nodiscard]] std::span<const ErrorCode> ErrorCodes();

}  // namespace firn::identity
