// init: a project folder with a commented firn.yaml.
#include <filesystem>

#include "app/cli/commands.h"
#include "app/cli/commands/sandbox_project.h"
#include "core/base/file.h"

namespace firn::cli {
namespace {

constexpr std::string_view kFirnYaml =
    R"(# A Firn project. `firn help config` describes every key; `firn config check` checks this file.
name: {name}

# The Salesforce orgs. Ids become part of Firn's state: choose them once.
orgs:
  - id: prod
    # login.salesforce.com, test.salesforce.com, or better: your My Domain.
    login_url: https://login.salesforce.com
    auth:
      # JWT bearer: the app in the org knows the certificate, Firn signs with its key. Secrets are
      # only ever referred to: ${env:NAME}, ${file:path}.
      flow: jwt
      client_id: REPLACE_WITH_CONSUMER_KEY
      username: etl@example.com
      key: ${file:keys/prod.pem}
      # next_key: ${file:keys/prod-next.pem}   # while a certificate is being rotated
    # Pinned: a newer version is a decision, not an accident.
    api_version: "66.0"
    limits:
      share: 0.8        # Firn stops when so much of the day's API calls is used up, by anybody
      # per_run_cap: 5000

# Where the tables live: a folder or a URI. Any Iceberg engine can read them.
lake:
  warehouse: lake
  namespace: salesforce

# Firn's own state, on a local disk. Delete it only if you want to begin anew.
state:
  folder: .firn

# What to export. Of several rules that match an object, the last one counts.
objects:
  - name: Account
  - name: Contact
  - name: Opportunity
    # exclude: [Description]
    # where: "CreatedDate > 2020-01-01T00:00:00Z"
  # - name: "*__c"
  # - name: all

# Differences by environment, chosen with --env or FIRN_ENV.
# environments:
#   ci:
#     orgs: {prod: {login_url: "http://localhost:8080"}}
#     lake: {warehouse: /srv/firn-ci/lake}
)";

constexpr std::string_view kGitIgnore =
    "# secrets, state and data stay out of version control\nkeys/\n.firn/\nlake/\n";

// A name for the project from its folder's.
std::string NameFrom(const std::string& folder) {
  std::string name;
  const size_t slash = folder.find_last_of('/');
  for (const char c : slash == std::string::npos ? folder : folder.substr(slash + 1)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_';
    if (plain) name += c;
  }
  return name.empty() ? "firn-project" : name;
}

Result<std::string> FirnYaml(Context& context, const std::string& name) {
  if (context.Has("sandbox")) {
    const auto folder = std::filesystem::absolute(context.Text("sandbox")).lexically_normal();
    return ProjectOfSandbox(folder.string(), name);
  }
  std::string text(kFirnYaml);
  text.replace(text.find("{name}"), 6, name);
  return text;
}

Result<ExitCode> Init(Context& context) {
  std::string folder = context.Has("dir") ? context.Text("dir") : ".";
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  if (FileExists(folder + "/firn.yaml")) {
    return Fail(Error(Kind::kBadInput, "CLI-INIT-001", "`" + folder + "` already holds a project")
                    .Because("there is a file `firn.yaml`")
                    .Hint("choose another folder: `firn init DIR`"));
  }
  FIRN_TRY(const std::string text, FirnYaml(context, NameFrom(folder)));
  FIRN_CHECK(MakeFolders(folder));
  FIRN_CHECK(MakeFolders(folder + "/keys", 0700));
  FIRN_CHECK(WriteFileDurably(folder + "/firn.yaml", text));
  // An existing .gitignore is its owner's.
  if (!FileExists(folder + "/.gitignore")) {
    FIRN_CHECK(WriteFileDurably(folder + "/.gitignore", kGitIgnore));
  }
  Output& out = context.out();
  out.Print("firn.init/1",
            {{"folder", "folder", folder}, {"config", "config", folder + "/firn.yaml"}});
  const std::string before =
      context.Has("sandbox") ? "" : "edit firn.yaml, put the key into keys/prod.pem, then run ";
  out.Talk(before +
           out.Err(Ink::kName, (folder == "." ? "" : "cd " + folder + " && ") + "firn doctor"));
  return ExitCode::kDone;
}

}  // namespace

void AddInitCommand(CommandTree& tree) {
  tree.Add({.path = "init",
            .summary = "make a project folder with a commented firn.yaml",
            .arguments = {{.name = "dir",
                           .help = "the folder; this one when absent",
                           .required = false}},
            .options = {{.name = "sandbox",
                         .value = "DIR",
                         .help = "for the org that `firn sandbox up` keeps there and serves"}},
            .examples = {"firn init sales", "firn init try --sandbox sandbox-org"},
            .run = Init});
}

}  // namespace firn::cli
