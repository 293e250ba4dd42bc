// The pages of `firn explain` for exports' codes.
#pragma once

#include <span>

#include "core/base/error.h"

namespace firn::exports {

[[nodiscard]] std::span<const ErrorCode> ErrorCodes();

}  // namespace firn::exports
