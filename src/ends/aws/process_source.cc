// credential_process: a program of the user's that prints credentials.
// Source: AWS SDKs and Tools Reference Guide, "Process credential provider", read 2026-11.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vector>

#include "ends/aws/internal/sources.h"

extern char** environ;

namespace firn::aws {
namespace {

constexpr std::string_view kSource = "credential_process";
constexpr auto kProcessTime = std::chrono::seconds(60);
constexpr size_t kAnswerMax = 64 * 1024;

// Words as a shell would cut them, with quotes and backslashes but nothing else of a shell.
std::vector<std::string> Words(std::string_view command) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = '\0';
  for (size_t at = 0; at < command.size(); ++at) {
    const char c = command[at];
    if (c == '\\' && quote != '\'' && at + 1 < command.size()) {
      word += command[++at];
      in_word = true;
    } else if (quote != '\0') {
      if (c == quote) {
        quote = '\0';
      } else {
        word += c;
      }
    } else if (c == '"' || c == '\'') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t') {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (in_word) words.push_back(std::move(word));
  return words;
}

// Reads until the end, the limit or the deadline. False: not to the end.
bool ReadAll(const Call& call, int from, std::string& out) {
  char buffer[4096];
  while (out.size() <= kAnswerMax && call.Check()) {
    pollfd waiting = {from, POLLIN, 0};
    if (poll(&waiting, 1, 100) <= 0) continue;
    const ssize_t got = read(from, buffer, sizeof buffer);
    if (got == 0) return true;
    if (got < 0 && errno != EINTR) return false;
    if (got > 0) out.append(buffer, static_cast<size_t>(got));
  }
  return false;
}

}  // namespace

Result<Credentials> FromProcess(const Call& call, const std::string& command) {
  std::vector<std::string> words = Words(command);
  if (words.empty()) return Fail(SourceFailed(kSource, "the command is empty"));
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Fail(SourceFailed(kSource, "no pipe can be made"));
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, ends[1], 1);
  pid_t child = 0;
  const int failed =
      posix_spawnp(&child, words.front().c_str(), &files, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  close(ends[1]);
  if (failed != 0) {
    close(ends[0]);
    return Fail(SourceFailed(kSource, "cannot run `" + words.front() + "`"));
  }
  std::string answer;
  const bool whole = ReadAll(call.Within(kProcessTime), ends[0], answer);
  close(ends[0]);
  if (!whole) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const Secret wiped(std::move(answer));
  if (!whole) return Fail(SourceFailed(kSource, "`" + words.front() + "` did not end in time"));
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return Fail(SourceFailed(kSource, "`" + words.front() + "` failed"));
  }
  return ReadCredentialsJson(wiped.Reveal(), std::string(kSource));
}

}  // namespace firn::aws
