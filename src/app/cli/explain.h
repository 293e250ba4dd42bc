// Every error code of every room; private to cli.
#pragma once

#include <vector>

#include "core/base/error.h"

namespace firn::cli {

// Sorted by code.
[[nodiscard]] std::vector<ErrorCode> AllErrorCodes();

}  // namespace firn::cli
