// What writing needs to know of one object, found once per catalogue and kept by the writer.
//
// Belongs to whoever holds the org's write lock. Not to be copied: it holds prepared statements.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "sandbox/store/derive.h"
#include "sandbox/store/row_codec.h"
#include "sandbox/store/tables.h"

namespace firn::sandbox {

class WritePlan {
 public:
  // `object` must outlive the plan. Errors: the store's.
  [[nodiscard]] static Result<std::unique_ptr<WritePlan>> Make(Database& db,
                                                               const ObjectInfo& object);
  [[nodiscard]] const ObjectInfo& object() const { return object_; }

  // A new record's values before the client's: defaults and auto numbers. `texts` receives texts.
  void Begin(uint64_t record_number, std::vector<Value>& by_slot,
             std::deque<std::string>& texts) const;

  const Deriver deriver;
  RowWriter writer;
  RowReader reader;              // every slot
  const std::string exists_sql;  // `SELECT del ..` by record number
  // Slots, -1 where the object has no such field.
  int owner = -1, created = -1, created_by = -1, modified = -1, modified_by = -1;
  std::vector<const FieldInfo*> required;  // that a new record must have
  std::vector<const FieldInfo*> stored;    // every field with a slot, in field order

 private:
  WritePlan(const ObjectInfo& object, RowWriter row_writer);
  [[nodiscard]] Result<void> ReadDefaults();

  const ObjectInfo& object_;
  std::vector<Value> defaults_;  // by slot
  std::deque<std::string> default_texts_;
  struct AutoNumber {
    int slot;
    std::string head;
    size_t digits;
    uint64_t first;
  };
  std::vector<AutoNumber> auto_numbers_;
};

}  // namespace firn::sandbox
