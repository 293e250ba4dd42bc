#include "app/cli/commands/duckdb.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "core/base/file.h"
#include "ends/lake/store/object_store.h"

extern char** environ;

namespace firn::cli {
namespace {

// The version whose extensions the tests run with.
constexpr int kMajorTested = 1;
constexpr int kMinorTested = 5;

// The first executable file of that name on the PATH; empty when there is none.
std::string OnPath(const std::string& name) {
  if (name.find('/') != std::string::npos) return access(name.c_str(), X_OK) == 0 ? name : "";
  const char* path = std::getenv("PATH");
  std::string rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(':'), rest.size());
    const std::string file = rest.substr(0, end) + "/" + name;
    if (access(file.c_str(), X_OK) == 0) return file;
    rest.erase(0, end + 1);
  }
  return "";
}

// The script in a file of its own that nobody else can read; removed at the end.
class ScriptFile {
 public:
  ~ScriptFile() {
    if (!path_.empty()) unlink(path_.c_str());
  }
  ScriptFile() = default;
  ScriptFile(const ScriptFile&) = delete;
  ScriptFile& operator=(const ScriptFile&) = delete;
  Result<std::string> Write(const std::string& text) {
    const char* folder = std::getenv("TMPDIR");
    std::string name = std::string(folder == nullptr ? "/tmp" : folder) + "/firn-sql-XXXXXX";
    const Fd fd(mkstemp(name.data()));
    if (!fd.valid())
      return Fail(Error(Kind::kDenied, "CLI-SQL-002", "the script for DuckDB cannot be written")
                      .At(name)
                      .Because(std::strerror(errno)));
    path_ = name;
    for (size_t at = 0; at < text.size();) {
      const ssize_t written = write(fd.get(), text.data() + at, text.size() - at);
      if (written <= 0)
        return Fail(
            Error(Kind::kLimitReached, "CLI-SQL-002", "the script for DuckDB cannot be written")
                .At(name)
                .Because(std::strerror(errno)));
      at += static_cast<size_t>(written);
    }
    return name;
  }

 private:
  std::string path_;
};

}  // namespace

Option DuckDbOption() {
  return {
      .name = "duckdb", .value = "FILE", .help = "the DuckDB program", .default_value = "duckdb"};
}

Result<std::string> FindDuckDb(Context& context) {
  std::string program = OnPath(context.Text("duckdb"));
  if (!program.empty()) return program;
  return Fail(
      Error(Kind::kNotFound, "CLI-SQL-001", "`" + context.Text("duckdb") + "` is not installed")
          .Because("the tables are queried by DuckDB, which comes apart from Firn")
          .Hint("install it as duckdb.org/install says, name it with `--duckdb FILE`, or "
                "run what `firn lake sql --script` prints in a DuckDB of yours"));
}

std::string DuckDbVersion(const std::string& program) {
  int ends[2];
  if (pipe(ends) != 0) return "";
  const Fd reading(ends[0]);
  Fd writing(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, writing.get(), STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&actions, reading.get());
  std::string flag = "--version";
  std::string name = program;
  char* const arguments[] = {name.data(), flag.data(), nullptr};
  pid_t child = 0;
  const int failed = posix_spawn(&child, program.c_str(), &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  writing = Fd();
  if (failed != 0) return "";
  std::string text(256, '\0');
  const ssize_t bytes = read(reading.get(), text.data(), text.size());
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  text.resize(bytes > 0 ? static_cast<size_t>(bytes) : 0);
  return text.substr(0, text.find('\n'));
}

bool IsOldDuckDb(std::string_view version) {
  if (version.starts_with('v')) version.remove_prefix(1);
  int major = 0;
  int minor = 0;
  const char* const end = version.data() + version.size();
  const auto [dot, wrong] = std::from_chars(version.data(), end, major);
  if (wrong != std::errc() || dot == end || *dot != '.') return false;
  if (std::from_chars(dot + 1, end, minor).ec != std::errc()) return false;
  return std::pair(major, minor) < std::pair(kMajorTested, kMinorTested);
}

std::string SqlQuoted(const std::string& text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out.push_back(c);
    out.push_back(c);
  }
  return out + quote;
}

Result<std::string> ViewStatements(const std::vector<lake::Table>& tables) {
  std::string out = "INSTALL avro; LOAD avro;\nINSTALL iceberg; LOAD iceberg;\n";
  for (const lake::Table& table : tables) {
    FIRN_TRY(const std::string path, lake::LocalPath(table.metadata_location()));
    const std::string ns = SqlQuoted(table.ident().ns, '"');
    out += "CREATE SCHEMA IF NOT EXISTS " + ns + ";\n";
    out += "CREATE OR REPLACE VIEW " + ns + "." + SqlQuoted(table.ident().name, '"') +
           " AS SELECT * FROM iceberg_scan(" + SqlQuoted(path, '\'') + ");\n";
  }
  return out;
}

Result<int> RunDuckDb(const DuckDbRun& run) {
  ScriptFile file;
  FIRN_TRY(std::string path, file.Write(run.script));
  std::vector<std::string> words = {run.program, "-init", path};
  words.insert(words.end(), run.words.begin(), run.words.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (run.quiet) posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  pid_t child = 0;
  const int failed =
      posix_spawn(&child, run.program.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0)
    return Fail(Error(Kind::kInternal, "CLI-SQL-002", "DuckDB cannot be started")
                    .At(run.program)
                    .Because(std::strerror(failed)));
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return Fail(Kind::kInternal, "CLI-SQL-002", "lost sight of DuckDB");
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace firn::cli
