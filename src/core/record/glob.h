// Field name patterns: `*` any characters, `?` one; without regard to case, as API names are.
#pragma once

#include <string_view>

namespace firn::record {

[[nodiscard]] bool MatchesGlob(std::string_view glob, std::string_view name);

}  // namespace firn::record
