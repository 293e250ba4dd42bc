#include "app/engine/spark_maintenance.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "core/base/encoding.h"
#include "core/base/file.h"
#include "core/base/metrics.h"
#include "ends/lake/maintain/marks.h"
#include "patterns/federation/server.h"

extern char** environ;

namespace firn::engine {
namespace {

constexpr auto kPoll = std::chrono::milliseconds(200);
constexpr uint64_t kPrintedBytesMax = 64ULL << 20;

// A folder that nobody else can look into; gone with its files at the end.
class PrivateFolder {
 public:
  static Result<PrivateFolder> Make() {
    std::error_code error;
    std::string name = std::filesystem::temp_directory_path(error).string() + "/firn-spark-XXXXXX";
    if (error || mkdtemp(name.data()) == nullptr)
      return Fail(Error(Kind::kDenied, "ENGINE-SPARK-002", "Spark's settings cannot be written")
                      .At(name)
                      .Because(std::strerror(errno)));
    return PrivateFolder(std::move(name));
  }
  PrivateFolder(PrivateFolder&& other) noexcept : path_(std::move(other.path_)) {
    other.path_.clear();
  }
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;
  PrivateFolder& operator=(PrivateFolder&&) = delete;
  ~PrivateFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::string File(const std::string& name) const { return path_ + "/" + name; }
  Result<std::string> Write(const std::string& name, const std::string& text) const {
    FIRN_CHECK(WriteFileDurably(File(name), text, 0600));
    return File(name);
  }

 private:
  explicit PrivateFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// A value of a Java properties file.
std::string Escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') out += '\\';
    if (c == '\n' || c == '\r') continue;
    out += c;
  }
  return out;
}

class Settings {
 public:
  void Set(const std::string& name, const std::string& value) {
    if (!value.empty()) text_ += name + "=" + Escaped(value) + "\n";
  }
  void OfCatalog(const std::string& name, const std::string& value) {
    Set("spark.sql.catalog.firn." + name, value);
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

void AddRest(const lake::RestCatalogOptions& rest, Settings& settings) {
  settings.OfCatalog("uri", rest.uri);
  settings.OfCatalog("warehouse", rest.warehouse);
  settings.OfCatalog("token", rest.token.Reveal());
  settings.OfCatalog("credential", rest.credential.Reveal());
  settings.OfCatalog("oauth2-server-uri", rest.oauth2_server_uri);
  settings.OfCatalog("scope", rest.scope);
  settings.OfCatalog("audience", rest.audience);
  settings.OfCatalog("resource", rest.resource);
  if (!rest.signing_name.empty()) {
    settings.OfCatalog("rest.auth.type", "sigv4");
    settings.OfCatalog("rest.signing-name", rest.signing_name);
    settings.OfCatalog("rest.signing-region", rest.signing_region);
  }
  if (rest.vended_credentials)
    settings.OfCatalog("header.X-Iceberg-Access-Delegation", "vended-credentials");
  for (const auto& [name, value] : rest.headers) settings.OfCatalog("header." + name, value);
}

// Spark as a child process, its output in files. Ended when the call is stopped.
Result<int> RunSpark(const Call& call, const SparkOptions& options,
                     const std::vector<std::string>& arguments, const std::string& printed) {
  std::vector<std::string> words = {options.program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  constexpr int kNew = O_WRONLY | O_CREAT | O_TRUNC;
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, printed.c_str(), kNew, 0600);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, options.log_path.c_str(), kNew, 0600);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  pid_t child = 0;
  const int failed =
      posix_spawnp(&child, options.program.c_str(), &files, &attributes, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (failed != 0)
    return Fail(Error(Kind::kNotFound, "ENGINE-SPARK-001", "Spark cannot be started")
                    .At(options.program)
                    .Because(std::strerror(failed))
                    .Hint("install Spark with Iceberg's runtime, or name it with `--spark-sql`"));
  int status = 0;
  bool asked = false;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (call.Sleep(kPoll)) continue;
    // Its shell script has children of its own: the group is asked, then made to end.
    (void)kill(-child, asked ? SIGKILL : SIGTERM);
    asked = true;
    (void)SystemClock().SleepFor(std::chrono::seconds(asked ? 1 : 5), {});
  }
  FIRN_CHECK(call.Check());
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// The server in front of an embedded catalog, and what Spark signs in to it with.
Result<std::unique_ptr<federation::CatalogServer>> ServeFor(const Call& call,
                                                            const SparkCatalog& catalog,
                                                            const PrivateFolder& folder,
                                                            MetricsRegistry& metrics,
                                                            Settings& settings) {
  const std::string secret = Hex(call.random->Bytes(32));
  FIRN_TRY(const std::string secret_file, folder.Write("secret", secret));
  FIRN_TRY(
      const std::string principals,
      folder.Write("principals.yaml", "principals:\n  spark:\n    secret: ${file:" + secret_file +
                                          "}\n    grants:\n      - {on: \"*\", may: manage}\n"));
  federation::CatalogServerOptions serve;
  serve.warehouse = catalog.warehouse;
  serve.catalog_path = catalog.catalog_path;
  serve.principals = principals;
  serve.create = false;
  FIRN_TRY(auto server, federation::CatalogServer::Start(serve, call, metrics));
  settings.OfCatalog("uri", server->url());
  settings.OfCatalog("credential", "spark:" + secret);
  settings.OfCatalog("scope", "catalog");
  return server;
}

Result<std::vector<SparkTable>> TablesFor(lake::Lake& lake,
                                          const std::vector<lake::TableIdent>& idents,
                                          std::vector<int64_t>& snapshots) {
  std::vector<SparkTable> tables;
  for (const lake::TableIdent& ident : idents) {
    FIRN_TRY(const lake::Table table, lake.Load(ident));
    tables.push_back({ident, lake::MarksSinceMs(table)});
    snapshots.push_back(static_cast<int64_t>(table.history().size()));
  }
  return tables;
}

Error NothingDone(const SparkOptions& options, int status) {
  return Error(Kind::kInternal, "ENGINE-SPARK-002", "Spark ended without doing its work")
      .At(options.log_path)
      .Because("it ended with status " + std::to_string(status) +
               "; its own words are in that file")
      .Hint(
          "most often Iceberg's runtime is missing: give `--spark-conf "
          "spark.jars.packages=org.apache.iceberg:iceberg-spark-runtime-..`");
}

}  // namespace

Result<std::vector<SparkRow>> MaintainWithSpark(const Call& call, lake::Lake& lake,
                                                const std::vector<lake::TableIdent>& idents,
                                                const SparkCatalog& catalog,
                                                const SparkSteps& steps,
                                                const SparkOptions& options) {
  if (idents.empty()) return std::vector<SparkRow>();
  std::vector<int64_t> snapshots;
  FIRN_TRY(const auto tables, TablesFor(lake, idents, snapshots));
  FIRN_TRY(const PrivateFolder folder, PrivateFolder::Make());
  Settings settings;
  settings.Set("spark.sql.extensions",
               "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions");
  settings.Set("spark.sql.catalog.firn", "org.apache.iceberg.spark.SparkCatalog");
  settings.OfCatalog("type", "rest");
  settings.Set("spark.ui.enabled", "false");
  // The next statement is run though one failed; no headers between the rows.
  settings.Set("spark.hadoop.hive.cli.errors.ignore", "true");
  settings.Set("spark.hadoop.hive.cli.print.header", "false");
  settings.Set("spark.hadoop.javax.jdo.option.ConnectionURL",
               "jdbc:derby:memory:firn;create=true");  // Spark wants one of its own
  settings.Set("spark.sql.catalogImplementation", "in-memory");
  MetricsRegistry metrics;
  std::unique_ptr<federation::CatalogServer> server;
  if (catalog.rest) {
    AddRest(*catalog.rest, settings);
  } else {
    FIRN_TRY(server, ServeFor(call, catalog, folder, metrics, settings));
  }
  for (const std::string& setting : options.settings) {
    const size_t equals = setting.find('=');
    settings.Set(setting.substr(0, equals), setting.substr(equals + 1));
  }
  const int64_t now_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(call.clock->Now().time_since_epoch())
          .count();
  FIRN_TRY(const std::string conf, folder.Write("spark.properties", settings.text()));
  FIRN_TRY(const std::string script,
           folder.Write("maintain.sql", SparkScript(tables, steps, now_ms)));
  FIRN_TRY(const int status, RunSpark(call, options, {"--properties-file", conf, "-f", script},
                                      folder.File("printed")));
  FIRN_TRY(const std::string printed, ReadFile(folder.File("printed"), kPrintedBytesMax));
  if (printed.find("firn-step") == std::string::npos) return Fail(NothingDone(options, status));
  auto rows = ReadSparkOutput(tables, steps, printed);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (const auto table = lake.Load(rows[i].table))
      rows[i].snapshots_expired =
          std::max<int64_t>(0, snapshots[i] - static_cast<int64_t>(table->history().size()));
  }
  return rows;
}

}  // namespace firn::engine
