// errno of a file operation in the domain's words; private to base.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.h"

namespace firn {

[[nodiscard]] tl::unexpected<Error> FileFailure(std::string_view verb, const std::string& path,
                                                int error);

}  // namespace firn
