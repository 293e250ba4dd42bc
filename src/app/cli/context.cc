#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "app/cli/command.h"
#include "app/engine/project_secrets.h"
#include "core/base/file.h"
#include "core/base/time_text.h"

namespace firn::cli {
namespace {

std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

const Option* FindOption(const Command& command, std::string_view name) {
  for (const auto* options : {&command.options, &GlobalOptions()}) {
    for (const Option& option : *options) {
      if (option.name == name) return &option;
    }
  }
  return nullptr;
}

bool Declares(const Command& command, std::string_view name) {
  return FindOption(command, name) != nullptr ||
         std::any_of(command.arguments.begin(), command.arguments.end(),
                     [name](const Argument& argument) { return argument.name == name; });
}

}  // namespace

Context::Context(const Command* command, const CommandTree* tree, ParsedValues values,
                 Output* output, Call call)
    : command_(command),
      tree_(tree),
      values_(std::move(values)),
      output_(output),
      call_(std::move(call)) {}

bool Context::Has(std::string_view name) const {
  FIRN_ASSERT(Declares(*command_, name));
  return values_.values.find(name) != values_.values.end();
}

bool Context::Flag(std::string_view name) const { return Has(name); }

std::string Context::Text(std::string_view name) const {
  if (Has(name)) {
    const auto& words = values_.values.find(name)->second;
    return words.empty() ? "" : words.back();
  }
  const Option* option = FindOption(*command_, name);
  return option == nullptr ? "" : option->default_value;
}

std::vector<std::string> Context::List(std::string_view name) const {
  if (Has(name)) return values_.values.find(name)->second;
  const std::string otherwise = Text(name);
  return otherwise.empty() ? std::vector<std::string>() : std::vector<std::string>{otherwise};
}

int64_t Context::Integer(std::string_view name) const {
  const std::string text = Text(name);
  return text.empty() ? 0 : std::strtoll(text.c_str(), nullptr, 10);
}

double Context::Number(std::string_view name) const {
  const std::string text = Text(name);
  return text.empty() ? 0 : std::strtod(text.c_str(), nullptr);
}

std::chrono::milliseconds Context::Duration(std::string_view name) const {
  const auto duration = ParseDuration(Text(name));
  return duration ? *duration : std::chrono::milliseconds(0);
}

int64_t Context::Bytes(std::string_view name) const {
  const auto bytes = ParseBytes(Text(name));
  return bytes ? *bytes : 0;
}

Progress& Context::progress() {
  if (progress_ == nullptr) progress_ = std::make_unique<Progress>(output_, call_.clock);
  return *progress_;
}

Error Context::UsageError(std::string what) const {
  return Error(Kind::kBadInput, "CLI-USAGE-004", std::move(what))
      .Hint("see `firn help " + command_->path + "`");
}

Result<std::string> Context::ProjectFolder() const {
  if (Has("project")) {
    const std::filesystem::path named = Text("project");
    if (named.filename() != "firn.yaml" || !FileExists(named.string())) return named.string();
    return named.has_parent_path() ? named.parent_path().string() : ".";
  }
  if (std::string named = FromEnvironment("FIRN_PROJECT"); !named.empty()) return named;
  std::error_code error;
  std::filesystem::path folder = std::filesystem::current_path(error);
  while (!error && !folder.empty()) {
    if (FileExists((folder / "firn.yaml").string())) return folder.string();
    if (folder == folder.root_path()) break;
    folder = folder.parent_path();
  }
  return Fail(Error(Kind::kNotFound, "CLI-PROJECT-001", "there is no project folder here")
                  .Because("no `firn.yaml` lies in this folder or one above it")
                  .Hint("name one with `--project DIR`, or make one: `firn init DIR`"));
}

std::string Context::FilePath(std::string_view name) const {
  const std::string path = Text(name);
  if (!host_ || path.empty() || path.starts_with('/')) return path;
  return (std::filesystem::path(host_->folder) / path).string();
}

Result<std::string> Context::FileText(std::string_view name, uint64_t bytes_max) const {
  auto text = ReadFile(FilePath(name), bytes_max);
  if (text) return text;
  const Option* option = FindOption(*command_, name);
  const std::string said = option == nullptr ? std::string(name) : "--" + option->name;
  const Error& error = text.error();
  return Fail(
      Error(Kind::kBadInput, "CLI-FILE-001", "the file that `" + said + "` names cannot be read")
          .At(FilePath(name))
          .Because(error.why().empty() ? error.what() : error.why())
          .Hint("check the name and its permissions"));
}

bool Context::HasProject() const { return ProjectFolder().has_value(); }

Result<const project::Project*> Context::LoadProject() {
  if (!project_) {
    FIRN_TRY(const std::string folder, ProjectFolder());
    project::LoadOptions options;
    options.environment = Has("env") ? Text("env") : FromEnvironment("FIRN_ENV");
    FIRN_TRY(project_, project::Load(folder, options));
    secrets_ = engine::ProjectSecrets(project_->folder);
  }
  return &*project_;
}

Result<const project::Org*> Context::LoadOrg() {
  FIRN_TRY(const project::Project* project, LoadProject());
  return project->FindOrg(Has("org") ? Text("org") : FromEnvironment("FIRN_ORG"));
}

config::SecretResolver& Context::secrets() {
  FIRN_ASSERT(secrets_ != nullptr);
  return *secrets_;
}

}  // namespace firn::cli
