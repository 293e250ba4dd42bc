// The pages of `firn explain` for project's codes.
#pragma once

#include <span>

#include "core/base/error.h"

namespace firn::project {

[[nodiscard]] std::span<const ErrorCode> ErrorCodes();

}  // namespace firn::project
