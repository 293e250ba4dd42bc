#include "app/cli/self_run.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stop_token>

extern char** environ;

namespace firn::cli {
namespace {

// A group of its own, so that Ctrl-C reaches it only through us, and no signal blocked.
void SetAttributes(posix_spawnattr_t* attributes) {
  sigset_t none;
  sigemptyset(&none);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_init(attributes);
  posix_spawnattr_setpgroup(attributes, 0);
  posix_spawnattr_setsigmask(attributes, &none);
  posix_spawnattr_setsigdefault(attributes, &defaults);
  posix_spawnattr_setflags(attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

}  // namespace

Result<int> RunSelf(const Call& call, const SelfRun& run) {
  std::vector<std::string> words = {"firn"};
  words.insert(words.end(), run.words.begin(), run.words.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (run.silent) {
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  }
  if (!run.folder.empty()) posix_spawn_file_actions_addchdir_np(&files, run.folder.c_str());
  posix_spawnattr_t attributes;
  SetAttributes(&attributes);
  pid_t child = 0;
  const int failed =
      posix_spawn(&child, "/proc/self/exe", &files, &attributes, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (failed != 0) {
    return Fail(Error(Kind::kInternal, "CLI-RUN-002", "`firn` cannot start itself")
                    .Because(std::strerror(failed)));
  }
  const std::stop_callback forward(call.stop, [child] { kill(child, SIGINT); });
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return Fail(Kind::kInternal, "CLI-RUN-002", "lost sight of a child");
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace firn::cli
