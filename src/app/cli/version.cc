#include "app/cli/version.h"

namespace firn::cli {

std::string_view Version() { return FIRN_VERSION; }

}  // namespace firn::cli
