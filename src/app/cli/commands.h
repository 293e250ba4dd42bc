// Who adds which commands to the tree. One function a group, most in a commands/<group>.cc of its
// own.
#pragma once

#include "app/cli/command.h"

namespace firn::cli {

void AddInitCommand(CommandTree& tree);
void AddGeneralCommands(CommandTree& tree);  // config, explain, debug, help, version
void AddOrgCommands(CommandTree& tree);
void AddOrgCheckCommand(CommandTree& tree);
void AddOrgRotateCommand(CommandTree& tree);
void AddDoctorCommand(CommandTree& tree);
void AddDemoCommand(CommandTree& tree);
void AddExportCommands(CommandTree& tree);
void AddDaemonCommands(CommandTree& tree);  // run, status, runs, logs, daemon
void AddEventCommands(CommandTree& tree);
void AddEventLetterCommands(CommandTree& tree);  // dlq, why
void AddEventRuleCommands(CommandTree& tree);    // rules, put
void AddLakeCommands(CommandTree& tree);
void AddLakeForgetCommand(CommandTree& tree);
void AddLakeImportCommand(CommandTree& tree);
void AddLakeMaintainCommand(CommandTree& tree);
void AddLakeMirrorCommand(CommandTree& tree);
void AddLakeStateCommands(CommandTree& tree);  // at, diff, sample
void AddLakeSetCommands(CommandTree& tree);
void AddLakePublishCommand(CommandTree& tree);
void AddLakeServeCommand(CommandTree& tree);
void AddLakeSqlCommand(CommandTree& tree);
void AddSandboxCommands(CommandTree& tree);

// All of them, in the order that help shows.
[[nodiscard]] CommandTree AllCommands();

}  // namespace firn::cli
