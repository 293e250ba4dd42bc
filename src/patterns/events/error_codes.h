// The pages of `firn explain` for the codes of the events room.
#pragma once

#include <span>

#include "core/base/error.h"

namespace firn::events {

[[nodiscard]] std::span<const ErrorCode> ErrorCodes();

}  // namespace firn::events
