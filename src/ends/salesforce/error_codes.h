// The pages of `firn explain` for salesforce's codes.
#pragma once

#include <span>

#include "core/base/error.h"

namespace firn::salesforce {

[[nodiscard]] std::span<const ErrorCode> ErrorCodes();

}  // namespace firn::salesforce
