// The value patterns of one field: `[ "text", 5, null, {"prefix": ".."}, .. ]`.
#pragma once

#include <vector>

#include "core/expr/event_pattern.h"
#include "core/expr/internal/json_tokens.h"

namespace firn::expr {

// Reads up to the closing bracket; the opening one was read.
[[nodiscard]] Result<std::vector<ValuePattern>> ParseValuePatterns(JsonTokens& tokens);

}  // namespace firn::expr
