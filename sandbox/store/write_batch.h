// One call of Org::Mutate: its transaction, its rows, its changes. Private to the store.
//
// Lives for one call, under the org's write lock. Every check of a row comes before its first
// write, so a row that fails leaves nothing behind. Counters are changed in memory only after the
// commit.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "sandbox/store/org_impl.h"
#include "sandbox/store/write_plan.h"

namespace firn::sandbox {

class WriteBatch {
 public:
  WriteBatch(OrgImpl& org, const MutateOptions& options);
  ~WriteBatch();
  WriteBatch(const WriteBatch&) = delete;
  WriteBatch& operator=(const WriteBatch&) = delete;

  [[nodiscard]] Result<void> Begin();
  // Errors: the store's; what is wrong with the row goes to `outcome`.
  [[nodiscard]] Result<void> Apply(const Mutation& mutation, RowOutcome& outcome);
  // A place to go back to, inside the transaction. Marks are left in the order they were made.
  struct Mark;
  [[nodiscard]] Result<Mark> Here();
  // Undoes what was applied since; `Forget` lets it stand.
  [[nodiscard]] Result<void> BackTo(const Mark& mark);
  [[nodiscard]] Result<void> Forget(const Mark& mark);
  // The caller's cells live no longer than its call, the batch may: forgets what it knows by their
  // addresses, and takes over the texts of the changes since `mark`.
  void OutliveCells(const Mark& mark);
  // How many records an object has more than before the batch.
  [[nodiscard]] int64_t Added(const ObjectInfo& object, bool all_rows) const;
  // Counters, sinks, commit. After an error nothing was written.
  [[nodiscard]] Result<void> Commit();
  // Removes a record of the recycle bin for good; no change is told.
  [[nodiscard]] Result<void> PurgeFromBin(const ObjectInfo& object, int64_t id);

 private:
  // A record while it is being written: values by slot. Texts live in the batch.
  struct Draft {
    WritePlan* plan = nullptr;
    bool is_new = false;
    std::vector<Value> values;
    std::vector<Value> before;
    std::vector<int> given;  // slots the caller gave, where he may give audit fields
    [[nodiscard]] const ObjectInfo& object() const { return plan->object(); }
    [[nodiscard]] int64_t id() const { return values[kIdSlot].number; }
    [[nodiscard]] bool deleted() const { return values[kDeletedSlot].number != 0; }
  };
  // What a cell's name means.
  struct Target {
    const FieldInfo* field = nullptr;
    const ObjectInfo* parent = nullptr;  // the value names a record of it ..
    const FieldInfo* key = nullptr;      // .. by this field
  };
  struct Tally {
    ObjectCounters* counters;
    uint64_t next_number;
    int64_t live = 0;
    int64_t total = 0;
  };
  struct Deletion {
    std::vector<Draft> doomed;  // the record first, then what goes with it
    struct Cleared {
      Draft child;
      std::vector<int> slots;
    };
    std::map<int64_t, Cleared> cleared;  // by the child's id
    std::unordered_set<int64_t> ids;     // of the doomed
  };

  // write_batch.cc
  [[nodiscard]] Result<void> Dispatch(const Mutation& mutation, RowOutcome& outcome);
  [[nodiscard]] Result<void> Insert(WritePlan& plan, const Mutation& mutation, RowOutcome& outcome);
  [[nodiscard]] Result<void> Update(int64_t id, const Mutation& mutation, RowOutcome& outcome);
  [[nodiscard]] Result<void> Upsert(WritePlan& plan, const Mutation& mutation, RowOutcome& outcome);
  [[nodiscard]] Result<WritePlan*> PlanOf(const ObjectInfo& object);
  [[nodiscard]] Result<WritePlan*> PlanNamed(std::string_view object);
  [[nodiscard]] Result<int64_t> IdOf(const Mutation& mutation) const;
  [[nodiscard]] Result<Draft> Load(int64_t id);
  void Stamp(Draft& draft);
  [[nodiscard]] Result<void> Write(Draft draft, RecordChange change);
  void Keep(Draft draft, RecordChange change);
  [[nodiscard]] Tally& TallyOf(const ObjectInfo& object);
  void NextKey();
  [[nodiscard]] Result<void> SaveTallies();
  // field_rules.cc
  [[nodiscard]] Result<void> ApplyCells(Draft& draft, std::span<const Cell> cells,
                                        const FieldInfo* but);
  [[nodiscard]] Result<Value> ReadCell(const Target& target, std::string_view text);
  [[nodiscard]] Result<void> CheckValue(const Draft& draft, const FieldInfo& field,
                                        const Value& value);
  [[nodiscard]] Result<void> CheckPicklist(const FieldInfo& field, const Value& value) const;
  [[nodiscard]] Result<void> CheckReference(const FieldInfo& field, const Value& value);
  [[nodiscard]] Result<void> CheckUnique(const Draft& draft, const FieldInfo& field,
                                         const Value& value);
  [[nodiscard]] Result<void> CheckRequired(const Draft& draft) const;
  [[nodiscard]] Result<void> CheckLock(const ObjectInfo& object, int64_t id) const;
  // cell_target.cc
  [[nodiscard]] Result<Target> TargetOf(const ObjectInfo& object, size_t place,
                                        std::string_view name);
  [[nodiscard]] Result<Target> ParentTarget(const ObjectInfo& object, std::string_view name) const;
  [[nodiscard]] Result<int64_t> FindParent(const Target& target, std::string_view text);
  // Live records by an indexed field, at most `count_max`.
  [[nodiscard]] Result<std::vector<int64_t>> FindByKey(const ObjectInfo& object,
                                                       const FieldInfo& field, const Value& value,
                                                       size_t count_max);
  // content.cc
  static Value* CellOf(Draft& draft, std::string_view field);  // nullptr: no such stored field
  static void Put(Draft& draft, std::string_view field, const Value& value);
  [[nodiscard]] Value Hold(std::string text);  // a text that lives in the batch
  [[nodiscard]] Result<Draft> NewDraft(std::string_view object);
  void AddContentFacts(Draft& draft);
  [[nodiscard]] Result<void> AddDocument(Draft& version);
  [[nodiscard]] Result<void> AddVersion(Draft& version, int64_t document);
  [[nodiscard]] Result<void> Link(int64_t document, const Value& record, std::string_view share);
  // product_facts.cc
  [[nodiscard]] Result<void> AddProductFacts(Draft& draft);
  [[nodiscard]] Result<std::optional<Draft>> ParentOf(Draft& draft, std::string_view field);
  void Copy(Draft& from, Draft& to, std::string_view field);
  void AddTotal(Draft& line);
  // remove.cc
  [[nodiscard]] Result<void> Delete(int64_t id, bool for_good, RowOutcome& outcome);
  [[nodiscard]] Result<void> Undelete(int64_t id, RowOutcome& outcome);
  [[nodiscard]] Result<void> CollectChildren(Deletion& deletion, size_t at);
  [[nodiscard]] Result<void> CollectOf(Deletion& deletion, size_t at,
                                       const ChildRelationship& relationship);
  [[nodiscard]] Result<bool> Restricts(const ObjectInfo& child,
                                       const ChildRelationship& relationship, int64_t id);
  [[nodiscard]] Result<void> Remove(Deletion deletion, bool for_good);
  [[nodiscard]] Result<void> EraseRow(const ObjectInfo& object, int64_t id);
  [[nodiscard]] Result<void> NoteInBin(int64_t id, int64_t root);
  [[nodiscard]] Result<void> RestoreWith(int64_t root);
  [[nodiscard]] Result<void> RestoreOne(Draft draft, bool cascaded);

  OrgImpl& org_;
  const MutateOptions& options_;
  const std::shared_ptr<const Catalogue> catalogue_;
  const Value now_;
  const Value user_;
  std::optional<Transaction> transaction_;
  std::map<int, Tally> tallies_;         // by object number
  std::deque<std::string> texts_;        // that values point to
  std::deque<std::vector<Value>> rows_;  // of the changes kept for the sinks
  std::vector<RecordChange> changes_;
  std::deque<std::string> keys_;  // transaction keys
  int64_t key_number_ = 0;
  uint32_t rows_of_key_ = 0;
  uint32_t sequence_ = 0;
  int marks_ = 0;
  bool told_ = false;  // the sinks were
  struct Known {
    const char* name = nullptr;
    size_t size = 0;
    const ObjectInfo* object = nullptr;
    Target target;
  };
  std::vector<Known> known_;                  // targets by the cell's place in the row
  std::unordered_set<int64_t> live_;          // parents found alive in this batch
  std::unordered_set<std::string> upserted_;  // keys of the rows under the current transaction key
};

struct WriteBatch::Mark {
  int number = 0;  // of the savepoint
  size_t changes = 0;
  size_t rows = 0;
  uint32_t sequence = 0;
  std::map<int, Tally> tallies;
};

// True for what is wrong with a row, false for what is wrong with the store.
[[nodiscard]] bool IsRowError(const Error& error);

}  // namespace firn::sandbox
