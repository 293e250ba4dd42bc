// The pages of `firn explain` for config's codes.
#pragma once

#include <span>

#include "core/base/error.h"

namespace firn::config {

[[nodiscard]] std::span<const ErrorCode> ErrorCodes();

}  // namespace firn::config
