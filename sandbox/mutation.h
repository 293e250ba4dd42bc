// Records written in batches: what a caller asks for, what came of each row, what others are told.
//
// Org::Mutate applies many mutations in one transaction of the store. Texts are views: what they
// point to must live until Mutate returns. A ChangeSink hears of the changes inside that
// transaction, so that what it writes (an event log, field history) stands or falls with them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/sqlite.h"
#include "sandbox/schema.h"
#include "sandbox/value.h"

namespace firn::sandbox {

// One cell of a row as a client sends it; no text = null. `name` is a field's, or leads over a
// relationship to the parent's external id: `Account.ExternalKey__c`, and where a field has several
// parents `User:Owner.Username`.
struct Cell {
  std::string_view name;
  std::optional<std::string_view> text;
};

struct Mutation {
  enum class Kind : uint8_t {
    kInsert,
    kUpdate,
    kUpsert,  // by `key_field`: `Id`, an external id or an idLookup field, whose cell must be there
    kDelete,  // to the recycle bin, or for good where the object has none
    kUndelete,  // out of the recycle bin
    kPurge,     // for good, leaving nothing that queryAll could see
  };
  Kind kind = Kind::kInsert;
  std::string_view object;  // may be empty where `id` tells it; then given, the two must agree
  int64_t id = 0;           // of update, delete, undelete, purge; or as the client wrote it:
  std::string_view id_text;
  std::string_view key_field;  // of upsert
  std::span<const Cell> cells;
};

// What came of one mutation. Errors are api errors (REQUIRED_FIELD_MISSING, UNABLE_TO_LOCK_ROW ..).
struct RowOutcome {
  int64_t id = 0;        // also of a row that failed, where it is known
  bool created = false;  // insert, or an upsert that inserted
  std::optional<Error> error;
};

struct MutateOptions {
  std::string user_id;  // 18 characters; empty = the org's administrator
  bool set_audit_fields =
      false;                 // the caller gives CreatedDate and its like, and may write any field
  bool all_or_none = false;  // one row that fails takes the others with it
  // Rows that share a transaction key, as the vendor cuts Bulk batches into chunks of 200. 0: all.
  uint32_t rows_per_key = 0;
  // The texts are a CSV file's: `yes` is true, and a wrong type is told as Bulk tells it.
  bool from_csv = false;
  std::string origin;  // what a change event's header says of where it came from
  // A text that is kept with the rows, in their transaction: what a long job needs to go on after a
  // crash. Made from the outcomes just before the commit. Org::Note reads it.
  std::string note_key;
  std::function<Result<std::string>(std::span<const RowOutcome>)> note;
};

// One change of a record. Spans are by slot (FieldInfo::slot) and live as long as the call.
struct RecordChange {
  enum class Kind : uint8_t { kCreate, kUpdate, kDelete, kUndelete };
  Kind kind = Kind::kCreate;
  bool for_good = false;  // of a delete: no recycle bin has it
  bool cascaded = false;  // the record was not named by the caller: a parent's change caused it
  const ObjectInfo* object = nullptr;
  int64_t id = 0;
  std::span<const Value> values;          // after the change
  std::span<const Value> before;          // empty for a create
  std::vector<const FieldInfo*> changed;  // stored fields whose value differs, in field order
  std::string_view transaction_key;       // UUID text
  uint32_t sequence = 1;                  // within its transaction key, from 1
  int64_t commit_number = 0;              // grows from key to key
};

struct ChangeBatch {
  std::shared_ptr<const Catalogue> catalogue;  // that `object` and `changed` point into
  int64_t user = 0;
  std::string_view origin;
  UtcMicros at{};  // of the commit; SystemModstamp of what changed unless the caller gave it
  std::span<const RecordChange> changes;
};

class ChangeSink {
 public:
  virtual ~ChangeSink() = default;
  // Once, before the first batch, outside of a transaction: makes its tables in org.db.
  [[nodiscard]] virtual Result<void> Attach(Database&) { return {}; }
  // Inside the transaction, on the writer's thread and connection. An error undoes the whole call.
  // It must not call the org's writing methods.
  [[nodiscard]] virtual Result<void> Write(Database& db, const ChangeBatch& batch) = 0;
  // After the commit, in commit order, before the next call may begin: wake readers, no more.
  virtual void Committed(const ChangeBatch&) {}
  // Write was called, and the transaction did not come about after all.
  virtual void RolledBack() {}
};

}  // namespace firn::sandbox
