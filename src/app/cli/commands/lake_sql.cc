// lake sql: the installed DuckDB on the tables of the lake, as views of their names.
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>

#include "app/cli/commands.h"
#include "app/cli/commands/lake_access.h"
#include "core/base/file.h"
#include "ends/lake/store/object_store.h"

extern char** environ;

namespace firn::cli {
namespace {

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

std::string Quoted(const std::string& text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out.push_back(c);
    out.push_back(c);
  }
  return out + quote;
}

// What DuckDB runs first: the extension, then a view for each table.
Result<std::string> Script(lake::Lake& lake) {
  std::string out = "INSTALL avro; LOAD avro;\nINSTALL iceberg; LOAD iceberg;\n";
  FIRN_TRY(const auto idents, lake.Tables(""));
  for (const lake::TableIdent& ident : idents) {
    FIRN_TRY(const lake::Table table, lake.Load(ident));
    FIRN_TRY(const std::string path, lake::LocalPath(table.metadata_location()));
    const std::string ns = Quoted(ident.ns, '"');
    out += "CREATE SCHEMA IF NOT EXISTS " + ns + ";\n";
    out += "CREATE OR REPLACE VIEW " + ns + "." + Quoted(ident.name, '"') +
           " AS SELECT * FROM iceberg_scan(" + Quoted(path, '\'') + ");\n";
  }
  return out;
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

Result<int> Run(const std::string& program, std::vector<std::string> words) {
  words.insert(words.begin(), program);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int failed =
      posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments.data(), environ);
  if (failed != 0)
    return Fail(Error(Kind::kInternal, "CLI-SQL-002", "DuckDB cannot be started")
                    .At(program)
                    .Because(std::strerror(failed)));
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return Fail(Kind::kInternal, "CLI-SQL-002", "lost sight of DuckDB");
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Result<ExitCode> LakeSql(Context& context) {
  const std::string program = OnPath(context.Text("duckdb"));
  if (program.empty() && !context.Flag("script"))
    return Fail(
        Error(Kind::kNotFound, "CLI-SQL-001", "`" + context.Text("duckdb") + "` is not installed")
            .Because("the tables are queried by DuckDB, which comes apart from Firn")
            .Hint("install it as duckdb.org/install says, name it with `--duckdb FILE`, or "
                  "run what `firn lake sql --script` prints in a DuckDB of yours"));
  FIRN_TRY(const auto lake, OpenLake(context));
  FIRN_TRY(const std::string script, Script(*lake));
  if (context.Flag("script")) {
    context.out().Raw(script);
    return ExitCode::kDone;
  }
  ScriptFile file;
  FIRN_TRY(const std::string path, file.Write(script));
  std::vector<std::string> words = {"-init", path};
  if (context.Has("query")) {
    words.push_back("-c");
    words.push_back(context.Text("query"));
  }
  FIRN_TRY(const int code, Run(program, std::move(words)));
  return code == 0 ? ExitCode::kDone : ExitCode::kFailed;
}

}  // namespace

void AddLakeSqlCommand(CommandTree& tree) {
  std::vector<Option> options = {
      {.name = "query", .value = "SQL", .help = "run this and end (default: a session)"},
      {.name = "script", .help = "print the statements that make the views, run nothing"},
      {.name = "duckdb", .value = "FILE", .help = "the DuckDB program", .default_value = "duckdb"}};
  options.insert(options.end(), WarehouseOptions().begin(), WarehouseOptions().end());
  tree.Add({.path = "lake sql",
            .summary = "open the installed DuckDB on the tables",
            .options = std::move(options),
            .examples = {"firn lake sql",
                         "firn lake sql --query 'SELECT count(*) FROM "
                         "salesforce.Account'"},
            .run = LakeSql});
}

}  // namespace firn::cli
