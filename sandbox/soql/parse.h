// SOQL text to a syntax tree. Pure; any thread.
#pragma once

#include <string_view>

#include "core/base/error.h"
#include "sandbox/soql/ast.h"

namespace firn::sandbox::soql {

// Errors: api error MALFORMED_QUERY with the vendor's position text.
[[nodiscard]] Result<Query> Parse(std::string_view soql);
// A condition alone, without the word WHERE. Errors: the same.
[[nodiscard]] Result<Condition> ParseWhere(std::string_view condition);

}  // namespace firn::sandbox::soql
