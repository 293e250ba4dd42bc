#include "app/cli/command.h"

#include <algorithm>

namespace firn::cli {

ExitCode ExitCodeFor(const Error& error) {
  switch (error.kind()) {
    case Kind::kBadConfig:
    case Kind::kBadInput:
    case Kind::kUnsupported:
      return ExitCode::kUsage;
    case Kind::kNotFound: {
      // A missing project, org or option is the user's to correct; a missing record just failed.
      const std::string& code = error.code();
      // So is a file that was named on the command line (LAKE-IMPORT-001: pages to load).
      const bool usage = code.starts_with("CLI-") || code.starts_with("CONFIG-") ||
                         code.starts_with("PROJECT-") || code == "LAKE-IMPORT-001";
      return usage ? ExitCode::kUsage : ExitCode::kFailed;
    }
    case Kind::kDenied:
      // Only who signs in can be asked to sign in; a file's permissions, or its place outside of the
      // warehouse, are a failure.
      return error.code().starts_with("BASE-") || error.code() == "LAKE-STORE-001"
                 ? ExitCode::kFailed
                 : ExitCode::kSignIn;
    case Kind::kExpired:
      return ExitCode::kSignIn;
    case Kind::kLimitReached:
      // A full disk is a failure, not a quota.
      return error.code().starts_with("BASE-") ? ExitCode::kFailed : ExitCode::kLimit;
    case Kind::kThrottled:
      return ExitCode::kLimit;
    case Kind::kUnreachable:
    case Kind::kTimeout:
      return ExitCode::kUnreachable;
    case Kind::kCancelled:
      return ExitCode::kInterrupted;
    case Kind::kInternal:
      return ExitCode::kBug;
    case Kind::kConflict:
    case Kind::kCorrupt:
    case Kind::kCommitUnknown:
      return ExitCode::kFailed;
  }
  return ExitCode::kFailed;
}

void CommandTree::AddGroup(Group group) {
  FIRN_ASSERT(FindGroup(group.path) == nullptr);
  groups_.push_back(std::move(group));
}

void CommandTree::Add(Command command) {
  FIRN_ASSERT(Find(command.path) == nullptr);
  FIRN_ASSERT(command.run != nullptr);
  commands_.push_back(std::move(command));
}

const Command* CommandTree::Find(std::string_view path) const {
  const auto found = std::find_if(commands_.begin(), commands_.end(),
                                  [path](const Command& each) { return each.path == path; });
  return found == commands_.end() ? nullptr : &*found;
}

const Group* CommandTree::FindGroup(std::string_view path) const {
  const auto found = std::find_if(groups_.begin(), groups_.end(),
                                  [path](const Group& each) { return each.path == path; });
  return found == groups_.end() ? nullptr : &*found;
}

std::vector<std::pair<std::string, std::string>> CommandTree::Below(std::string_view path) const {
  std::vector<std::pair<std::string, std::string>> found;
  const std::string lead = path.empty() ? "" : std::string(path) + " ";
  const auto add = [&](const std::string& full, const std::string& summary) {
    if (!full.starts_with(lead)) return;
    const std::string word = full.substr(lead.size());
    if (word.empty() || word.find(' ') != std::string::npos) return;
    found.emplace_back(word, summary);
  };
  for (const Group& group : groups_) add(group.path, group.summary);
  for (const Command& command : commands_) add(command.path, command.summary);
  return found;
}

const std::vector<Option>& GlobalOptions() {
  static const std::vector<Option> kOptions = {
      {.name = "project", .value = "DIR", .help = "project folder (FIRN_PROJECT)"},
      {.name = "env", .value = "NAME", .help = "environment of the project (FIRN_ENV)"},
      {.name = "org", .value = "ID", .help = "org of the project (FIRN_ORG)"},
      {.name = "json", .help = "data as JSON on stdout"},
      {.name = "quiet", .letter = 'q', .help = "no talk on stderr but warnings and errors"},
      {.name = "verbose", .letter = 'v', .help = "log what happens on stderr"},
      {.name = "color",
       .value = "WHEN",
       .help = "colours: auto, always or never",
       .default_value = "auto",
       .choices = {"auto", "always", "never"}},
      {.name = "help", .letter = 'h', .help = "this page"},
  };
  return kOptions;
}

}  // namespace firn::cli
