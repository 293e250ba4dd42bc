#include "app/cli/commands/hosting.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/parse.h"
#include "app/engine/admin_wire.h"
#include "app/engine/runtime.h"

namespace firn::cli {
namespace {

using nlohmann::json;

bool Typed(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::any_of(words, [&](const std::string& each) {
    return each == word || each.starts_with(std::string(word) + "=");
  });
}

// What the environment says here is typed out, since the daemon has another.
void AddFromEnvironment(std::vector<std::string>& words, const char* variable,
                        const std::string& option) {
  const char* value = std::getenv(variable);
  if (value == nullptr || *value == '\0' || Typed(words, option)) return;
  words.push_back(option);
  words.emplace_back(value);
}

json RequestOf(Context& context, std::vector<std::string> words, const std::string& project) {
  std::error_code ignored;
  AddFromEnvironment(words, "FIRN_ORG", "--org");
  AddFromEnvironment(words, "FIRN_ENV", "--env");
  // The last `--project` counts, and this one needs no working folder.
  words.push_back("--project=" + project);
  const Terminal& terminal = context.out().terminal();
  return {
      {"op", "command"},
      {"words", words},
      {"folder", std::filesystem::current_path(ignored).string()},
      {"out_is_terminal", terminal.out_is_terminal},
      {"err_is_terminal", terminal.err_is_terminal && std::getenv("FIRN_NO_PROGRESS") == nullptr},
      {"color_out", terminal.color_out},
      {"color_err", terminal.color_err},
      {"width", terminal.width}};
}

}  // namespace

Result<std::optional<int>> ForwardToDaemon(Context& context,
                                           const std::vector<std::string>& words) {
  const auto project = context.LoadProject();
  if (!project) return std::optional<int>();  // the command says it better
  auto connected = engine::ConnectAdmin((*project)->state_folder);
  if (!connected && connected.error().kind() == Kind::kNotFound) return std::optional<int>();
  if (!connected) return Fail(std::move(connected).error());
  const Fd fd = *std::move(connected);
  context.out().Flush();
  const std::string request = RequestOf(context, words, (*project)->folder)
                                  .dump(-1, ' ', false, json::error_handler_t::replace);
  FIRN_CHECK(engine::SendAdmin(fd.get(), request, {1, 2}));
  // Ctrl-C here: the daemon sees that nobody sends any more, and stops the command.
  const std::stop_callback on_stop(context.call().stop,
                                   [&fd] { (void)shutdown(fd.get(), SHUT_WR); });
  FIRN_TRY(const engine::AdminMessage answer, engine::ReceiveAdmin(fd.get()));
  const json result = json::parse(answer.line, nullptr, false);
  if (result.is_object() && result.contains("exit_code")) {
    return std::optional<int>(result["exit_code"].get<int>());
  }
  return Fail(Error(Kind::kCorrupt, "ENGINE-ADMIN-003", "the admin connection broke")
                  .Because("the daemon's answer is none that this version knows"));
}

int CarryOut(const Call& call, engine::HostedCommand command, engine::Runtime& runtime) {
  const Terminal terminal{command.out_is_terminal, command.err_is_terminal, command.color_out,
                          command.color_err, command.width};
  Output output(terminal, {.json = Typed(command.words, "--json"),
                           .quiet = Typed(command.words, "--quiet") || Typed(command.words, "-q"),
                           .out_fd = command.out.get(),
                           .err_fd = command.err.get()});
  const CommandTree tree = AllCommands();
  auto parsed = Parse(tree, command.words);
  if (!parsed || parsed->help || !parsed->command->writes_state) {
    const Error error = parsed ? Error(Kind::kUnsupported, "ENGINE-ADMIN-004",
                                       "the daemon does not carry this command out")
                               : parsed.error();
    output.PrintError(error);
    return static_cast<int>(ExitCodeFor(error));
  }
  Context context(parsed->command, &tree, std::move(parsed->values), &output, call);
  context.SetHost({runtime.state_db(), command.folder});
  std::string key = "export ";
  if (const auto org = context.LoadOrg()) key += (*org)->id;
  output.Talk("a daemon holds this project's state and carries the command out");
  auto slot = runtime.budget().Take(call, runtime.ShareOfJob(std::move(key)));
  ExitCode code = ExitCode::kInterrupted;
  if (slot) {
    code = Execute(context);
  } else {
    output.PrintError(slot.error());
  }
  return static_cast<int>(Finished(output, code));
}

}  // namespace firn::cli
