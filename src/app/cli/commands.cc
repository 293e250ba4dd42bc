#include "app/cli/commands.h"

namespace firn::cli {

CommandTree AllCommands() {
  CommandTree tree;
  AddInitCommand(tree);
  AddDoctorCommand(tree);
  AddOrgCommands(tree);
  AddOrgCheckCommand(tree);
  AddOrgRotateCommand(tree);
  AddExportCommands(tree);
  AddDaemonCommands(tree);
  AddEventCommands(tree);
  AddEventRuleCommands(tree);
  AddEventLetterCommands(tree);
  AddLakeCommands(tree);
  AddLakeImportCommand(tree);
  AddLakeStateCommands(tree);
  AddLakeSqlCommand(tree);
  AddLakeMaintainCommand(tree);
  AddLakeMirrorCommand(tree);
  AddLakeSetCommands(tree);
  AddLakePublishCommand(tree);
  AddLakeServeCommand(tree);
  AddLakeForgetCommand(tree);
  AddSandboxCommands(tree);
  AddDemoCommand(tree);
  AddGeneralCommands(tree);
  return tree;
}

}  // namespace firn::cli
