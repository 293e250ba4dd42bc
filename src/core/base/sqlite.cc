#include "core/base/sqlite.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "core/base/file.h"

namespace firn {
namespace {

tl::unexpected<Error> SqlFailure(sqlite3* db, int result, std::string_view doing) {
  Kind kind = Kind::kInternal;
  std::string_view code = "BASE-SQL-006";
  switch (result & 0xFF) {
    case SQLITE_CANTOPEN:
      kind = Kind::kNotFound;
      code = "BASE-SQL-001";
      break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_IOERR:
      kind = Kind::kCorrupt;
      code = "BASE-SQL-002";
      break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      kind = Kind::kConflict;
      code = "BASE-SQL-003";
      break;
    case SQLITE_FULL:
      kind = Kind::kLimitReached;
      code = "BASE-SQL-007";
      break;
    case SQLITE_CONSTRAINT:
      kind = Kind::kConflict;
      code = "BASE-SQL-008";
      break;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      kind = Kind::kDenied;
      code = "BASE-SQL-009";
      break;
    default:
      break;
  }
  const char* name = db != nullptr ? sqlite3_db_filename(db, "main") : nullptr;
  Error error(kind, code, "cannot " + std::string(doing));
  if (name != nullptr && *name != '\0') error = std::move(error).At(name);
  if (code == "BASE-SQL-003") error = std::move(error).RetryWithBackoff();
  if (code == "BASE-SQL-007") error = std::move(error).Hint("make room on the disk");
  if (code == "BASE-SQL-009") {
    error =
        std::move(error).Hint("give the user that runs firn the right to write it and its folder");
  }
  return Fail(
      std::move(error).Because(db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(result)));
}

int FetchText(void* out, int columns, char** values, char**) {
  if (columns > 0 && values[0] != nullptr) *static_cast<std::string*>(out) = values[0];
  return 0;
}

// The first column of the last row.
Result<std::string> Ask(sqlite3* db, const char* sql) {
  std::string answer;
  const int result = sqlite3_exec(db, sql, FetchText, &answer, nullptr);
  if (result != SQLITE_OK) return SqlFailure(db, result, "read the database");
  return answer;
}

// The first switch to WAL needs the file for itself and does not wait in the busy handler.
Result<void> UseWal(sqlite3* db, int busy_timeout_ms) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(busy_timeout_ms);
  while (true) {
    auto mode = Ask(db, "PRAGMA journal_mode=WAL");
    if (mode) return {};
    if (mode.error().code() != "BASE-SQL-003" || std::chrono::steady_clock::now() >= until) {
      return Fail(std::move(mode).error());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

Result<void> CheckIntegrity(sqlite3* db, const std::string& path) {
  FIRN_TRY(const std::string verdict, Ask(db, "PRAGMA quick_check(1)"));
  if (verdict == "ok") return {};
  return Fail(
      Error(Kind::kCorrupt, "BASE-SQL-002", "the database is damaged").At(path).Because(verdict));
}

// A database in WAL mode wants to make files beside itself, also for reading. Where that is not
// allowed and no writer has left any, the file alone is all there is: SQLite reads it as one that
// does not change. Source: SQLite, "Write-Ahead Logging", section 5 "Read-Only Databases".
bool IsStillAndReadOnly(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const auto may = [](const std::string& at, int how) {
    return faccessat(AT_FDCWD, at.c_str(), how, AT_EACCESS) == 0;
  };
  return may(path, R_OK) && !may(folder, W_OK) && !FileExists(path + "-wal");
}

// `path` as SQLite's URI of a file that does not change.
std::string ImmutableUri(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      uri += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    } else {
      uri += c;
    }
  }
  return uri + "?immutable=1";
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : db_(other.db_),
      statement_(std::exchange(other.statement_, nullptr)),
      bind_result_(other.bind_result_) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  if (this != &other) {
    sqlite3_finalize(statement_);
    db_ = other.db_;
    statement_ = std::exchange(other.statement_, nullptr);
    bind_result_ = other.bind_result_;
  }
  return *this;
}

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::Bound(int result) {
  if (bind_result_ == SQLITE_OK) bind_result_ = result;
  return *this;
}

Statement& Statement::Bind(int index, int64_t value) {
  return Bound(sqlite3_bind_int64(statement_, index, value));
}

Statement& Statement::Bind(int index, double value) {
  return Bound(sqlite3_bind_double(statement_, index, value));
}

Statement& Statement::Bind(int index, std::string_view text) {
  return Bound(sqlite3_bind_text64(statement_, index, text.data() != nullptr ? text.data() : "",
                                   text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

Statement& Statement::BindBlob(int index, std::string_view bytes) {
  return Bound(sqlite3_bind_blob64(statement_, index, bytes.data() != nullptr ? bytes.data() : "",
                                   bytes.size(), SQLITE_TRANSIENT));
}

Statement& Statement::BindStaticText(int index, std::string_view text) {
  return Bound(sqlite3_bind_text64(statement_, index, text.data() != nullptr ? text.data() : "",
                                   text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

Statement& Statement::BindStaticBlob(int index, std::string_view bytes) {
  return Bound(sqlite3_bind_blob64(statement_, index, bytes.data() != nullptr ? bytes.data() : "",
                                   bytes.size(), SQLITE_STATIC));
}

Statement& Statement::BindNull(int index) { return Bound(sqlite3_bind_null(statement_, index)); }

Result<bool> Statement::Step() {
  if (bind_result_ != SQLITE_OK) {
    return Fail(Error(Kind::kInternal, "BASE-SQL-006", "cannot bind a parameter")
                    .Because(sqlite3_errstr(bind_result_)));
  }
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  auto failure = SqlFailure(db_, result, "run a statement");
  sqlite3_reset(statement_);
  return failure;
}

Result<void> Statement::Run() {
  while (true) {
    FIRN_TRY(const bool row, Step());
    if (!row) break;
  }
  Reset();
  return {};
}

void Statement::Reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  bind_result_ = SQLITE_OK;
}

int64_t Statement::Int(int column) const { return sqlite3_column_int64(statement_, column); }

double Statement::Real(int column) const { return sqlite3_column_double(statement_, column); }

std::string_view Statement::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (text == nullptr) return {};
  return {text, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string_view Statement::Blob(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

bool Statement::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

Result<Database> Database::Open(const std::string& path, const Options& options) {
  const bool memory = path == ":memory:";
  if (!memory && options.refuse_network_file_system) {
    FIRN_TRY(const bool network, IsNetworkFileSystem(path));
    if (network) {
      return Fail(
          Error(Kind::kUnsupported, "BASE-SQL-005", "the database lies on a network file system")
              .At(path)
              .Because("its locks cannot be trusted there")
              .Hint("put it on a local disk"));
    }
  }
  int flags = SQLITE_OPEN_NOMUTEX;
  flags |= options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  if (options.create && !options.read_only) flags |= SQLITE_OPEN_CREATE;
  const bool still = !memory && IsStillAndReadOnly(path);
  if (still) flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
  sqlite3* handle = nullptr;
  const int result =
      sqlite3_open_v2(still ? ImmutableUri(path).c_str() : path.c_str(), &handle, flags, nullptr);
  Database db(handle, path);
  if (result != SQLITE_OK) return SqlFailure(handle, result, "open the database `" + path + "`");
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, options.busy_timeout_ms);
  if (!options.read_only && !memory && !still) FIRN_CHECK(UseWal(handle, options.busy_timeout_ms));
  FIRN_CHECK(db.Execute("PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-" +
                        std::to_string(options.cache_kib) + "; PRAGMA schema_version"));
  if (options.check_integrity) FIRN_CHECK(CheckIntegrity(handle, path));
  return db;
}

Result<Database> Database::OpenInMemory() { return Open(":memory:", Options()); }

Database::Database(Database&& other) noexcept
    : db_(std::exchange(other.db_, nullptr)), path_(std::move(other.path_)) {}

Database& Database::operator=(Database&& other) noexcept {
  if (this != &other) {
    sqlite3_close_v2(db_);
    db_ = std::exchange(other.db_, nullptr);
    path_ = std::move(other.path_);
  }
  return *this;
}

Database::~Database() { sqlite3_close_v2(db_); }

Result<void> Database::Execute(const std::string& sql) {
  const int result = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) return SqlFailure(db_, result, "run a statement");
  return {};
}

Result<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (result != SQLITE_OK) return SqlFailure(db_, result, "prepare a statement");
  return Statement(db_, statement);
}

int64_t Database::RowsChanged() const { return sqlite3_changes64(db_); }

int64_t Database::LastInsertRowid() const { return sqlite3_last_insert_rowid(db_); }

Result<Transaction> Transaction::Begin(Database& db) {
  FIRN_CHECK(db.Execute("BEGIN IMMEDIATE"));
  return Transaction(db);
}

Transaction::~Transaction() {
  // A statement that failed hard may have rolled back by itself.
  if (db_ != nullptr && sqlite3_get_autocommit(db_->handle()) == 0) (void)db_->Execute("ROLLBACK");
}

Result<void> Transaction::Commit() {
  FIRN_CHECK(db_->Execute("COMMIT"));
  db_ = nullptr;
  return {};
}

Result<void> Migrate(Database& db, std::initializer_list<std::string_view> migrations) {
  FIRN_TRY(auto transaction, Transaction::Begin(db));
  FIRN_TRY(const std::string text, Ask(db.handle(), "PRAGMA user_version"));
  const auto version = static_cast<size_t>(std::strtoull(text.c_str(), nullptr, 10));
  if (version > migrations.size()) {
    return Fail(Error(Kind::kUnsupported, "BASE-SQL-004", "the database is of a newer version")
                    .At(db.path())
                    .Because("it has schema " + text + ", this program knows " +
                             std::to_string(migrations.size()))
                    .Hint("use the newer firn that made it"));
  }
  for (size_t i = version; i < migrations.size(); ++i) {
    FIRN_CHECK(db.Execute(std::string(migrations.begin()[i])));
  }
  FIRN_CHECK(db.Execute("PRAGMA user_version=" + std::to_string(migrations.size())));
  return transaction.Commit();
}

}  // namespace firn
