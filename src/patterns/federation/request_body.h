// A request's body as JSON, with a limit on its depth. Pure, any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "core/base/error.h"

namespace firn::federation {

// An object. Errors: BadInput (CAT-REQUEST-001): no JSON, no object, or nested too deeply.
[[nodiscard]] Result<nlohmann::ordered_json> ParseRequestBody(std::string_view text);

}  // namespace firn::federation
