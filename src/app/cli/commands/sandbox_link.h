// How the sandbox commands reach a running sandbox: its address, and its admin endpoints.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "app/cli/command.h"
#include "app/cli/commands.h"

namespace firn::cli {

// Where `sandbox up` says what it is, while it runs.
[[nodiscard]] std::string RunningFile(const std::string& folder);
// What it says there, unless it was killed since. Errors: Unreachable (CLI-SANDBOX-002).
[[nodiscard]] Result<nlohmann::json> RunningFacts(const std::string& folder);
[[nodiscard]] bool IsRunning(const std::string& folder);
// The running sandbox of --url, else of --folder. Errors: Unreachable (CLI-SANDBOX-002).
[[nodiscard]] Result<std::string> RunningUrl(Context& context);
// The JSON that an admin endpoint answers; null when the answer has no body. Errors: BadInput
// (CLI-SANDBOX-003) with the sandbox's reason.
[[nodiscard]] Result<nlohmann::json> AskAt(Context& context, const std::string& url,
                                           const std::string& method, const std::string& path,
                                           const std::string& body = "");
// The same of the sandbox that RunningUrl finds.
[[nodiscard]] Result<nlohmann::json> Ask(Context& context, const std::string& method,
                                         const std::string& path, const std::string& body = "");
[[nodiscard]] Option FolderOption();
[[nodiscard]] Option UrlOption();

// up, down.
void AddSandboxUpCommands(CommandTree& tree);
// load, traffic, snapshot, restore, clock.
void AddSandboxLifeCommands(CommandTree& tree);

}  // namespace firn::cli
