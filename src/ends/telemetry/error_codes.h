// The pages of `firn explain` for telemetry's codes.
#pragma once

#include <span>

#include "core/base/error.h"

namespace firn::telemetry {

[[nodiscard]] std::span<const ErrorCode> ErrorCodes();

}  // namespace firn::telemetry
