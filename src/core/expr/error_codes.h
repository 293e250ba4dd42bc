// The room's error codes, for `firn explain`.
#pragma once

#include <span>

#include "core/base/error.h"

namespace firn::expr {

[[nodiscard]] std::span<const ErrorCode> ErrorCodes();

}  // namespace firn::expr
