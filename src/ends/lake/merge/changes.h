// MergeChanges: what was fed to a merge since its last commit, by key and in order. Internal to
// lake; one thread.
//
// Batches are held as they came, their columns in the table's types; a change is a row of one of
// them. The changes of a key hang together in a chain, newest first, so that ten thousand changes
// of one key cost no more than ten thousand of many.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "ends/lake/merge/key.h"
#include "ends/lake/merge/merge.h"

namespace firn::lake {

struct ChangeBatch {
  enum class Kind {
    kWhole,    // the columns are the row
    kPartial,  // the columns that change, of a row that exists
    kDelete,   // no columns
  };
  Kind kind = Kind::kWhole;
  std::shared_ptr<arrow::RecordBatch> rows;  // nullptr: no columns
  std::vector<int> field_ids;                // of the table, by column of `rows`
  ChangedColumns changed;  // the columns of a row in rising order of field id, without the key
  UpsertOptions::Absent absent = UpsertOptions::Absent::kNull;
  UpdateOptions::Unknown unknown = UpdateOptions::Unknown::kPending;
  bool soft_delete = false;       // a kPartial that sets `__deleted`
  std::vector<std::string> keys;  // as text, where there is no key column
  int key_column = -1;            // in `rows`
  std::vector<int64_t> orders;    // empty: none has one

  [[nodiscard]] int64_t OrderOf(uint32_t row) const {
    return orders.empty() ? kNoOrder : orders[row];
  }
  [[nodiscard]] std::string KeyText(uint32_t row) const;
};

struct Change {
  uint32_t batch = 0;
  uint32_t row = 0;
  uint32_t previous = UINT32_MAX;  // of the same key; UINT32_MAX: the first one
};

class MergeChanges {
 public:
  struct Keyed {
    MergeKey key;
    uint32_t newest = 0;  // into `changes`
  };

  // `keys`: one a row of the batch.
  void Add(ChangeBatch batch, const std::vector<MergeKey>& keys);
  void Clear();
  // Forgets all keys but these (indices into keys()), in rising order.
  void KeepOnly(const std::vector<uint32_t>& kept);

  [[nodiscard]] const std::vector<Keyed>& keys() const { return keys_; }
  [[nodiscard]] const std::vector<ChangeBatch>& batches() const { return batches_; }
  [[nodiscard]] const Change& change(uint32_t at) const { return changes_[at]; }
  [[nodiscard]] const ChangeBatch& batch_of(const Change& change) const {
    return batches_[change.batch];
  }
  // The changes of a key, oldest first: by ordering number where there are numbers, otherwise as
  // they were fed.
  void ChainOf(const Keyed& key, std::vector<uint32_t>& chain) const;
  [[nodiscard]] int64_t count() const { return static_cast<int64_t>(changes_.size()); }
  [[nodiscard]] int64_t bytes() const { return bytes_; }
  [[nodiscard]] bool any_orders() const { return any_orders_; }

 private:
  std::vector<ChangeBatch> batches_;
  std::vector<Change> changes_;
  std::vector<Keyed> keys_;
  std::unordered_map<MergeKey, uint32_t, MergeKeyHash> by_key_;
  int64_t bytes_ = 0;
  bool any_orders_ = false;
};

}  // namespace firn::lake
