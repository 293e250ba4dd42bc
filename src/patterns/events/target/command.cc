// Local commands: one process an event, the input on its standard input.
//
// Exit 0: taken. 64 (usage), 65 (data) and 77 (permission) of sysexits.h: final. Anything else, or
// a time-out: tried again.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/file.h"
#include "patterns/events/target/kinds.h"

extern char** environ;

namespace firn::events {
namespace {

constexpr auto kTimeout = std::chrono::seconds(60);
constexpr int kPollMs = 20;
constexpr int kExitUsage = 64;
constexpr int kExitData = 65;
constexpr int kExitPermission = 77;

class CommandTarget final : public Target {
 public:
  CommandTarget(project::RuleTarget target, std::string folder)
      : target_(std::move(target)), folder_(std::move(folder)) {}

  TargetLimits limits() const override { return {1, 8U << 20, true}; }

  Result<Outcomes> Deliver(const Call& call, std::span<const TargetEntry> entries) override {
    Outcomes outcomes;
    for (const TargetEntry& entry : entries) {
      auto done =
          Run(call.Within(target_.timeout.count() > 0 ? target_.timeout
                                                      : std::chrono::milliseconds(kTimeout)),
              entry);
      outcomes.push_back(done ? std::optional<Error>() : std::move(done).error());
    }
    return outcomes;
  }

 private:
  Error Failed(Kind kind, std::string why) const {
    Error error = Error(kind, "EVENT-COMMAND-001", "the command failed")
                      .At("command " + target_.local)
                      .Because(std::move(why))
                      .From({"command", kind == Kind::kTimeout ? 0 : 1, "", ""});
    const bool final = kind == Kind::kBadInput || kind == Kind::kDenied || kind == Kind::kNotFound;
    return final ? error : std::move(error).RetryWithBackoff();
  }

  Result<void> Run(const Call& call, const TargetEntry& entry) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return Fail(Failed(Kind::kInternal, "no pipe can be made"));
    Fd read_end(ends[0]);
    Fd write_end(ends[1]);
    FIRN_TRY(const pid_t pid, Spawn(read_end.get()));
    read_end = Fd();
    const Result<void> fed = Feed(call, write_end.get(), entry.input);
    write_end = Fd();
    return Await(call, pid, fed);
  }

  Result<pid_t> Spawn(int input) const {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addchdir_np(&actions, folder_.c_str());
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    // A group of its own, so that a time-out ends its children too; signals as a program expects.
    sigset_t none;
    sigemptyset(&none);
    sigset_t usual;
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    std::vector<char*> words;
    for (const std::string& word : target_.command)
      words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    pid_t pid = 0;
    const int failed = posix_spawnp(&pid, words[0], &actions, &attributes, words.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (failed == ENOENT) return Fail(Failed(Kind::kNotFound, "there is no such program"));
    if (failed == EACCES) return Fail(Failed(Kind::kDenied, "the program may not be run"));
    if (failed != 0) return Fail(Failed(Kind::kInternal, "it cannot be started"));
    return pid;
  }

  // Writes the input; a command that does not read to the end is no error.
  static Result<void> Feed(const Call& call, int output, std::string_view input) {
    ::fcntl(output, F_SETFL, O_NONBLOCK);
    while (!input.empty()) {
      FIRN_CHECK(call.Check());
      const ssize_t written = ::write(output, input.data(), input.size());
      if (written >= 0) {
        input.remove_prefix(static_cast<size_t>(written));
      } else if (errno == EAGAIN || errno == EINTR) {
        pollfd ready = {.fd = output, .events = POLLOUT, .revents = 0};
        ::poll(&ready, 1, kPollMs);
      } else {
        return {};
      }
    }
    return {};
  }

  Result<void> Await(const Call& call, pid_t pid, const Result<void>& fed) const {
    Result<void> running = fed;
    int status = 0;
    for (;;) {
      if (running) running = call.Check();
      if (!running) ::kill(-pid, SIGKILL);
      const pid_t ended = ::waitpid(pid, &status, running ? WNOHANG : 0);
      if (ended == pid) break;
      if (ended < 0 && errno != EINTR) return Fail(Failed(Kind::kInternal, "it got lost"));
      ::poll(nullptr, 0, kPollMs);
    }
    if (!running && running.error().kind() == Kind::kCancelled) return running;
    if (!running) return Fail(Failed(Kind::kTimeout, "it took too long and was ended"));
    if (WIFSIGNALED(status)) {
      return Fail(Failed(Kind::kUnreachable, "signal " + std::to_string(WTERMSIG(status))));
    }
    const int exit = WEXITSTATUS(status);
    if (exit == 0) return {};
    const std::string why = "exit " + std::to_string(exit);
    if (exit == kExitPermission) return Fail(Failed(Kind::kDenied, why));
    const bool ours = exit == kExitUsage || exit == kExitData;
    return Fail(Failed(ours ? Kind::kBadInput : Kind::kUnreachable, why));
  }

  project::RuleTarget target_;
  std::string folder_;
};

}  // namespace

MadeTarget NewCommandTarget(const project::RuleTarget& target, const TargetParts& parts) {
  return std::make_unique<CommandTarget>(target, parts.project_folder);
}

}  // namespace firn::events
