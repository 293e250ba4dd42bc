// gzip for metadata files.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.h"

namespace firn::lake::internal {

[[nodiscard]] std::string Gzip(std::string_view bytes);
// Errors: Corrupt (LAKE-META-001): cut short, damaged, or larger than 1 GiB.
[[nodiscard]] Result<std::string> Gunzip(std::string_view bytes);

}  // namespace firn::lake::internal
