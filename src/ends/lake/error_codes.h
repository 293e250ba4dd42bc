// The pages of `firn explain` for lake's own codes.
#pragma once

#include <span>

#include "core/base/error.h"

namespace firn::lake {

[[nodiscard]] std::span<const ErrorCode> ErrorCodes();

}  // namespace firn::lake
