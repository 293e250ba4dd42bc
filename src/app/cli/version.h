// The version that CMake set; private to cli.
#pragma once

#include <string_view>

namespace firn::cli {

[[nodiscard]] std::string_view Version();  // `0.1.0`

}  // namespace firn::cli
