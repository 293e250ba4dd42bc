#include "app/cli/commands.h"

namespace firn::cli {

void AddExportCommands([[maybe_unused]] CommandTree& tree) {}

}  // namespace firn::cli
