#include "app/cli/commands.h"

namespace firn::cli {

CommandTree AllCommands() {
  CommandTree tree;
  AddExportCommands(tree);
  AddLakeCommands(tree);
  AddSandboxCommands(tree);
  return tree;
}

}  // namespace firn::cli
