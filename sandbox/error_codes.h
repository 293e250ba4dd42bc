// The pages of `firn explain` for the sandbox's codes.
#pragma once

#include <span>

#include "core/base/error.h"

namespace firn::sandbox {

[[nodiscard]] std::span<const ErrorCode> ErrorCodes();

}  // namespace firn::sandbox
