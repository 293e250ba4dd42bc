// sandbox up, down: the process that is the org, here or in the background.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/cli/commands/sandbox_link.h"
#include "app/cli/commands/sandbox_ports.h"
#include "core/base/file.h"
#include "sandbox/door/server.h"

extern char** environ;

namespace firn::cli {
namespace {

using nlohmann::json;

constexpr std::string_view kUpFormat = "firn.sandbox.up/1";
constexpr auto kPoll = std::chrono::milliseconds(100);
constexpr auto kStopMax = std::chrono::seconds(30);
constexpr auto kBackgroundStartMax = std::chrono::minutes(30);  // seeding millions of rows

// What a running sandbox says of itself: printed by `up`, kept in running.json for the others.
json Describe(sandbox::Sandbox& org) {
  return {{"http_url", org.http_url()},
          {"tls_url", org.tls_url()},
          {"ca_file", org.ca_file()},
          {"proxy_url", org.proxy_url()},
          {"pubsub_endpoint", org.pubsub_endpoint()},
          {"pubsub_tls_endpoint", org.pubsub_tls_endpoint()},
          {"org_id", org.org().org_id()},
          {"client_id", org.client_id()},
          {"key_file", org.key_file()},
          {"username", org.username()},
          {"pid", getpid()}};
}

void PrintUp(Context& context, const json& facts) {
  const auto text = [&](const char* key) { return facts.value(key, ""); };
  std::vector<Fact> lines = {{"http_url", "address", text("http_url")}};
  if (!text("tls_url").empty()) {
    lines.push_back({"tls_url", "address (TLS)", text("tls_url")});
    lines.push_back({"ca_file", "its CA", text("ca_file")});
    lines.push_back({"proxy_url", "proxy (HTTPS_PROXY)", text("proxy_url")});
  }
  for (const auto& [key, title] : {std::pair{"pubsub_endpoint", "Pub/Sub API"},
                                   std::pair{"pubsub_tls_endpoint", "Pub/Sub API (TLS)"}}) {
    if (!text(key).empty()) lines.push_back({key, title, text(key)});
  }
  lines.push_back({"org_id", "org id", text("org_id")});
  lines.push_back({"username", "username", text("username")});
  lines.push_back({"client_id", "client id", text("client_id")});
  lines.push_back({"key_file", "private key", text("key_file")});
  lines.push_back({"pid", "process", facts.value("pid", int64_t{0})});
  context.out().Print(kUpFormat, lines);
  context.out().Flush();
}

Result<sandbox::SandboxOptions> UpOptions(Context& context) {
  sandbox::SandboxOptions options;
  // Absolute: running.json is read by processes that stand elsewhere.
  options.folder = std::filesystem::absolute(context.Text("folder")).lexically_normal();
  options.address = context.Text("address");
  options.http_port = static_cast<uint16_t>(context.Integer("port"));
  options.tls_port = static_cast<uint16_t>(context.Integer("tls-port"));
  options.tls = !context.Flag("no-tls");
  options.proxy_port = static_cast<uint16_t>(context.Integer("proxy-port"));
  options.pubsub = !context.Flag("no-pubsub");
  options.pubsub_port = static_cast<uint16_t>(context.Integer("pubsub-port"));
  options.pubsub_tls_port = static_cast<uint16_t>(context.Integer("pubsub-tls-port"));
  options.seed = static_cast<uint64_t>(context.Integer("seed"));
  options.scale = context.Number("scale");
  for (const std::string& path : context.List("object-file")) {
    FIRN_TRY(std::string yaml, ReadFile(path));
    options.object_yaml.push_back(std::move(yaml));
  }
  return options;
}

// The background's own words for why it ended, else where it wrote them.
Error EndedWhileStarting(const std::string& log) {
  constexpr std::string_view kErrorLead = "error[";
  constexpr std::string_view kWhat = "the sandbox ended while it started";
  const std::string text = ReadFile(log).value_or("");
  const size_t at = text.rfind(kErrorLead);
  if (at == std::string::npos) {
    return Error(Kind::kInternal, "CLI-SANDBOX-001", std::string(kWhat)).Hint("see " + log);
  }
  std::string said;
  for (size_t from = at; from < text.size();) {
    const size_t end = std::min(text.find('\n', from), text.size());
    if (end == from) break;  // the hint follows
    const size_t word = text.find_first_not_of(' ', from);
    said += (said.empty() ? "" : "; ") + text.substr(word, end - word);
    from = end + 1;
  }
  return Error(Kind::kConflict, "CLI-SANDBOX-001", std::string(kWhat))
      .Because(std::move(said))
      .Hint("see " + log);
}

// Runs this program once more, without a terminal, and waits until it says it is ready.
Result<ExitCode> UpInBackground(Context& context) {
  const std::string folder = context.Text("folder");
  FIRN_CHECK(MakeFolders(folder, 0700));
  {  // One that runs keeps its running.json: without it nobody could stop it any more.
    FIRN_TRY(const FileLock free, FileLock::Take(folder + "/org.lock", "sandbox up"));
    FIRN_CHECK(RemoveFile(RunningFile(folder)));
  }
  std::vector<std::string> words = {"firn", "sandbox", "up"};
  for (const char* name : {"folder", "address", "port", "tls-port", "proxy-port", "pubsub-port",
                           "pubsub-tls-port", "seed", "scale"}) {
    words.insert(words.end(), {std::string("--") + name, context.Text(name)});
  }
  for (const std::string& path : context.List("object-file")) {
    words.insert(words.end(), {"--object-file", path});
  }
  for (const char* name : {"no-tls", "no-pubsub"}) {
    if (context.Flag(name)) words.push_back(std::string("--") + name);
  }
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  const std::string log = folder + "/sandbox.log";
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&files, 1, 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  pid_t child = 0;
  const int failed =
      posix_spawn(&child, "/proc/self/exe", &files, &attributes, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (failed != 0) return Fail(Kind::kInternal, "CLI-SANDBOX-001", "cannot start the sandbox");
  const Call call = context.call().Within(kBackgroundStartMax);
  while (!FileExists(RunningFile(folder))) {
    FIRN_CHECK(call.Sleep(kPoll));
    if (kill(child, 0) != 0 || waitpid(child, nullptr, WNOHANG) == child) {
      return Fail(EndedWhileStarting(log));
    }
  }
  FIRN_TRY(const std::string text, ReadFile(RunningFile(folder)));
  if (context.Has("ready-file")) {
    FIRN_CHECK(WriteFileDurably(context.Text("ready-file"), text));
  }
  PrintUp(context, json::parse(text, nullptr, false));
  return ExitCode::kDone;
}

Result<ExitCode> Up(Context& context) {
  if (context.Flag("background")) return UpInBackground(context);
  FIRN_TRY(const sandbox::SandboxOptions options, UpOptions(context));
  const std::string running = RunningFile(options.folder);
  FIRN_TRY(const auto org, StartOnKeptPorts(options));
  const json facts = Describe(*org);
  FIRN_CHECK(WriteFileDurably(running, facts.dump(2) + "\n"));
  if (context.Has("ready-file")) {
    FIRN_CHECK(WriteFileDurably(context.Text("ready-file"), facts.dump(2) + "\n"));
  }
  PrintUp(context, facts);
  context.out().Talk("runs until Ctrl-C; the org is kept in " + context.Text("folder"));
  while (!org->stop_asked() && context.call().Sleep(kPoll)) {
  }
  FIRN_CHECK(RemoveFile(running));
  context.out().Talk(fmt::format("stopped after {} requests", org->requests()));
  return ExitCode::kDone;
}

// Waits until nobody answers any more and, with --folder, until the org may be opened again: what
// follows in a script must not meet the old one.
Result<ExitCode> Down(Context& context) {
  FIRN_TRY(const std::string url, RunningUrl(context));
  FIRN_CHECK(Ask(context, "POST", "stop"));
  const Call call = context.call().Within(kStopMax);
  for (;;) {
    const auto answer = AskAt(context, url, "GET", "status");
    if (!answer && answer.error().kind() == Kind::kUnreachable) break;
    FIRN_CHECK(call.Sleep(kPoll));
  }
  const std::string lock = context.Text("folder") + "/org.lock";
  while (!context.Has("url") && FileExists(lock) && !FileLock::Take(lock, "sandbox down")) {
    FIRN_CHECK(call.Sleep(kPoll));
  }
  context.out().Talk("the sandbox has stopped");
  return ExitCode::kDone;
}

Command UpCommand() {
  return {
      .path = "sandbox up",
      .summary = "start a local Salesforce org and serve it until Ctrl-C",
      .options =
          {FolderOption(),
           {.name = "port",
            .value = "N",
            .help = "port for plain HTTP; 0: that of the last start, or any free one",
            .type = ValueType::kInteger,
            .default_value = "0",
            .max = 65535},
           {.name = "tls-port",
            .value = "N",
            .help = "port for HTTPS; 0: that of the last start, or any free one",
            .type = ValueType::kInteger,
            .default_value = "0",
            .max = 65535},
           {.name = "proxy-port",
            .value = "N",
            .help = "port of the proxy that leads *.salesforce.com here; 0: that of the last "
                    "start, or any free one",
            .type = ValueType::kInteger,
            .default_value = "0",
            .max = 65535},
           {.name = "pubsub-port",
            .value = "N",
            .help = "port of the Pub/Sub API (gRPC) in clear; 0: that of the last start, or any "
                    "free one",
            .type = ValueType::kInteger,
            .default_value = "0",
            .max = 65535},
           {.name = "pubsub-tls-port",
            .value = "N",
            .help = "port of the Pub/Sub API with TLS; 0: that of the last start, or any free one",
            .type = ValueType::kInteger,
            .default_value = "0",
            .max = 65535},
           {.name = "no-pubsub", .help = "without the Pub/Sub API"},
           {.name = "no-tls", .help = "plain HTTP only, no proxy"},
           {.name = "address",
            .value = "IP",
            .help = "address to listen on",
            .default_value = "127.0.0.1"},
           {.name = "seed",
            .value = "N",
            .help = "decides what a new org holds",
            .type = ValueType::kInteger,
            .default_value = "42"},
           {.name = "scale",
            .value = "X",
            .help = "size of a new org; 1 is about 100,000 records, 0 is empty",
            .type = ValueType::kNumber,
            .default_value = "1"},
           {.name = "object-file",
            .value = "FILE",
            .help = "YAML of an object of your own",
            .repeats = true},
           {.name = "ready-file",
            .value = "FILE",
            .help = "written (JSON) when the org can be reached"},
           {.name = "background", .help = "go on without this terminal"}},
      .examples = {"firn sandbox up", "firn sandbox up --port 8080 --tls-port 8443 --background"},
      .run = Up};
}

}  // namespace

void AddSandboxUpCommands(CommandTree& tree) {
  tree.Add(UpCommand());
  tree.Add({.path = "sandbox down",
            .summary = "stop a sandbox that runs in the background",
            .options = {FolderOption(), UrlOption()},
            .run = Down});
}

}  // namespace firn::cli
