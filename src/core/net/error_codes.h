// The pages of `firn explain` for net's codes.
#pragma once

#include <span>

#include "core/base/error.h"

namespace firn::net {

[[nodiscard]] std::span<const ErrorCode> ErrorCodes();

}  // namespace firn::net
