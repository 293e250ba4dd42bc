// The pages of `firn explain` for the command line's codes.
#pragma once

#include <span>

#include "core/base/error.h"

namespace firn::cli {

[[nodiscard]] std::span<const ErrorCode> ErrorCodes();

}  // namespace firn::cli
