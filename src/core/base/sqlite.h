// A thin owner for SQLite: one connection, prepared statements, transactions, typed columns.
//
// Opened with WAL, synchronous=FULL, foreign keys and a busy time-out; no switch turns syncing off.
// A Database belongs to one thread at a time. Errors: Corrupt (BASE-SQL-002), Conflict when it
// stays locked past the time-out (BASE-SQL-003), LimitReached when the disk is full, Internal for
// bad SQL.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace firn {

class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  // Parameters count from 1. What cannot be bound is an error of the next Step. Text and blobs are
  // copied unless `Static` is in the name.
  Statement& Bind(int index, int64_t value);
  template <std::integral Integer>
  Statement& Bind(int index, Integer value) {
    return Bind(index, static_cast<int64_t>(value));
  }
  Statement& Bind(int index, double value);
  Statement& Bind(int index, std::string_view text);
  Statement& BindBlob(int index, std::string_view bytes);
  // The bytes must live until the next Reset.
  Statement& BindStaticText(int index, std::string_view text);
  Statement& BindStaticBlob(int index, std::string_view bytes);
  Statement& BindNull(int index);

  // True: a row stands ready. False: done.
  [[nodiscard]] Result<bool> Step();
  // Step to the end, ignoring rows; then Reset.
  [[nodiscard]] Result<void> Run();
  // Ready for new parameters; bindings are cleared.
  void Reset();

  // Columns count from 0; views are valid until the next Step or Reset.
  [[nodiscard]] int64_t Int(int column) const;
  [[nodiscard]] double Real(int column) const;
  [[nodiscard]] std::string_view Text(int column) const;
  [[nodiscard]] std::string_view Blob(int column) const;
  [[nodiscard]] bool IsNull(int column) const;

 private:
  friend class Database;
  Statement(sqlite3* db, sqlite3_stmt* statement) : db_(db), statement_(statement) {}
  Statement& Bound(int result);
  sqlite3* db_;
  sqlite3_stmt* statement_;
  int bind_result_ = 0;
};

class Database {
 public:
  struct Options {
    bool read_only = false;
    bool create = true;
    int busy_timeout_ms = 5000;
    int64_t cache_kib = 8192;
    bool check_integrity = false;  // PRAGMA quick_check at open
    bool refuse_network_file_system = true;
  };
  [[nodiscard]] static Result<Database> Open(const std::string& path, const Options& options);
  [[nodiscard]] static Result<Database> OpenInMemory();

  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;
  ~Database();

  // One or several statements without parameters or rows.
  [[nodiscard]] Result<void> Execute(const std::string& sql);
  [[nodiscard]] Result<Statement> Prepare(std::string_view sql);
  [[nodiscard]] int64_t RowsChanged() const;
  [[nodiscard]] int64_t LastInsertRowid() const;
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] sqlite3* handle() const { return db_; }

 private:
  Database(sqlite3* db, std::string path) : db_(db), path_(std::move(path)) {}
  sqlite3* db_ = nullptr;
  std::string path_;
};

// BEGIN IMMEDIATE now; rolled back unless Commit() was called.
class Transaction {
 public:
  [[nodiscard]] static Result<Transaction> Begin(Database& db);
  Transaction(Transaction&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  [[nodiscard]] Result<void> Commit();

 private:
  explicit Transaction(Database& db) : db_(&db) {}
  Database* db_;
};

// Brings a database to the newest schema: migration n runs once, in a transaction, and is recorded
// in PRAGMA user_version. Errors: Unsupported (BASE-SQL-004) when the file is newer than this
// program.
[[nodiscard]] Result<void> Migrate(Database& db,
                                   std::initializer_list<std::string_view> migrations);

}  // namespace firn
