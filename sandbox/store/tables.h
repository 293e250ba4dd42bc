// The SQLite side of the store: connections, and the tables records live in.
//
// Every object has a table `o<number>(n, del, mod, k0.., row)`: record number, deleted flag,
// SystemModstamp, the indexed fields' keys, the encoded row. A Reader belongs to one thread at a
// time and comes from a pool; the pool may be used from any thread.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/error.h"
#include "core/base/sqlite.h"
#include "sandbox/schema.h"
#include "sandbox/value.h"

namespace firn::sandbox {

[[nodiscard]] std::string TableName(const ObjectInfo& object);

struct StoredRow {
  bool deleted = false;
  int64_t modstamp = 0;  // milliseconds
  std::string blob;
};

// One connection and the statements prepared on it.
class Reader {
 public:
  explicit Reader(Database db) : db_(std::move(db)) {}
  [[nodiscard]] Database& db() { return db_; }
  // A statement kept for the connection's life, reset.
  [[nodiscard]] Result<Statement*> Cached(const std::string& sql);
  // Nothing when there is no such record.
  [[nodiscard]] Result<std::optional<StoredRow>> Load(const ObjectInfo& object, int64_t id);

 private:
  Database db_;
  std::unordered_map<std::string, Statement> statements_;
};

class ReaderPool : public std::enable_shared_from_this<ReaderPool> {
 public:
  explicit ReaderPool(std::string path) : path_(std::move(path)) {}
  // Goes back to the pool when released.
  [[nodiscard]] Result<std::shared_ptr<Reader>> Take();

 private:
  static constexpr size_t kIdleMax = 16;
  void GiveBack(std::unique_ptr<Reader> reader);
  std::string path_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Reader>> idle_;
};

// Writes whole rows of one object on the writer's connection.
class RowWriter {
 public:
  [[nodiscard]] static Result<RowWriter> Prepare(Database& db, const ObjectInfo& object);
  // Inserts, or replaces the row of the same id. `by_slot` as EncodeRow takes it; id, deleted flag
  // and SystemModstamp stand in its first three places. Uniqueness is the caller's to check.
  [[nodiscard]] Result<void> Write(const std::vector<Value>& by_slot);
  // The row that is there, touching only the indexes whose fields differ from `before`.
  [[nodiscard]] Result<void> Update(const std::vector<Value>& by_slot,
                                    const std::vector<Value>& before);

 private:
  RowWriter(Database& db, Statement statement, const ObjectInfo& object)
      : db_(&db), insert_(std::move(statement)), object_(&object) {}
  void BindKey(Statement& statement, int column, size_t key, const Value& value);
  [[nodiscard]] Result<Statement*> UpdateOf(const std::vector<size_t>& keys);
  Database* db_;
  Statement insert_;
  const ObjectInfo* object_;
  std::unordered_map<std::string, Statement> updates_;  // by the key columns they set
  std::string blob_;
  std::vector<std::string> keys_;
};

// The key a value has in an indexed column: numbers as they are, texts folded.
void AppendKeyText(const Value& value, std::string& out);
// Numbers with more fraction digits than `scale` lie between two whole keys, as a REAL: two that
// differ in the last digit of a double may have the same one.
void BindKeyNumber(Statement& statement, int column, const Value& value, int scale);

}  // namespace firn::sandbox
