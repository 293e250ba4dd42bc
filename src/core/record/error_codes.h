// The pages of `firn explain` for record's codes.
#pragma once

#include <span>

#include "core/base/error.h"

namespace firn::record {

[[nodiscard]] std::span<const ErrorCode> ErrorCodes();

}  // namespace firn::record
