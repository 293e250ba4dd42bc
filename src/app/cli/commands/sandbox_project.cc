#include "app/cli/commands/sandbox_project.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/cli/commands/sandbox_link.h"

namespace firn::cli {

Result<std::string> ProjectOfSandbox(const std::string& folder, const std::string& name) {
  FIRN_TRY(const nlohmann::json facts, RunningFacts(folder));
  const std::string pubsub = facts.value("pubsub_endpoint", "");
  return fmt::format(R"(# Written by Firn: a project for a sandbox org on this machine.
name: {}
orgs:
  - id: desk
    login_url: {}
    auth:
      flow: jwt
      client_id: {}
      username: {}
      key: ${{file:{}}}
{}lake:
  warehouse: lake
objects:
  - name: all
)",
                     name, facts.value("http_url", ""), facts.value("client_id", ""),
                     facts.value("username", ""), facts.value("key_file", ""),
                     pubsub.empty() ? "" : "    pubsub_endpoint: http://" + pubsub + "\n");
}

}  // namespace firn::cli
