#include "app/cli/commands.h"

namespace firn::cli {

void AddLakeCommands([[maybe_unused]] CommandTree& tree) {}

}  // namespace firn::cli
