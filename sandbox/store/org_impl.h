// OrgImpl: the Org over one SQLite file. Private to the room's data half; see sandbox/org.h.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "core/base/file.h"
#include "core/base/sqlite.h"
#include "sandbox/org.h"
#include "sandbox/store/access_view.h"
#include "sandbox/store/tables.h"
#include "sandbox/store/write_plan.h"

namespace firn::sandbox {

class WriteBatch;

// Record counts of an object, and the number of its next record. Guarded by the write lock; the
// counts may be read without it.
struct ObjectCounters {
  uint64_t next_number = 0;
  std::atomic<uint64_t> live{0};
  std::atomic<uint64_t> total{0};
};

class OrgImpl final : public Org {
 public:
  static Result<std::unique_ptr<Org>> Open(Options options);
  static Result<std::unique_ptr<Org>> OpenBare(Options options);  // see store/bare_org.h

  const std::string& folder() const override { return options_.folder; }
  const std::string& org_id() const override { return org_id_; }
  uint64_t seed() const override { return seed_; }
  std::shared_ptr<const Catalogue> catalogue() const override;
  Result<std::unique_ptr<RowCursor>> Query(std::string_view soql,
                                           const QueryOptions& options) override;
  Result<Record> Read(std::string_view object, std::string_view id,
                      const QueryOptions& options) override;
  Result<std::string> RecordJson(std::string_view object, int64_t id,
                                 const QueryOptions& options) override;
  Result<std::vector<int64_t>> FindByExternalId(std::string_view object, std::string_view field,
                                                std::string_view value) override;
  std::shared_ptr<const Catalogue> CatalogueFor(const std::string& user_id) override;
  AccessRules access_rules() const override;
  Result<void> SetAccessRules(const AccessRules& rules) override;
  Result<uint64_t> Count(std::string_view object, bool all_rows) override;
  Result<int64_t> Insert(std::string_view object, const std::vector<FieldText>& fields,
                         const Change& change) override;
  Result<void> Update(int64_t id, const std::vector<FieldText>& fields,
                      const Change& change) override;
  Result<void> Delete(int64_t id, const Change& change) override;
  Result<void> Undelete(int64_t id, const Change& change) override;
  Result<void> Purge(int64_t id, const Change& change) override;
  Result<std::vector<RowOutcome>> Mutate(std::span<const Mutation> mutations,
                                         const MutateOptions& options) override;
  Result<void> Transact(const MutateOptions& options,
                        const std::function<Result<bool>()>& work) override;
  Result<std::string> Note(std::string_view key) override;
  Result<void> DropNote(std::string_view key) override;
  Result<void> AddSink(ChangeSink* sink) override;
  void RemoveSink(ChangeSink* sink) override;
  void OnLock(std::function<bool(const ObjectInfo& object, int64_t id)> refuses) override;
  Result<uint64_t> EmptyRecycleBin(UtcMicros before) override;
  Result<void> DefineYaml(std::string_view yaml) override;
  Result<void> HideField(std::string_view object, std::string_view field, bool hidden) override;
  Result<void> RemoveField(std::string_view object, std::string_view field, bool removed) override;
  Result<void> RemoveObject(std::string_view object, bool removed) override;
  Result<SeedReport> Seed(const SeedOptions& options) override;

 private:
  OrgImpl(Options options, FileLock lock, Database db);

  // org.cc
  enum class Content : uint8_t { kBuiltIn, kBare };
  static Result<std::unique_ptr<Org>> Make(Options options, Content content);
  Result<void> Prepare();
  Result<void> MakeIdentity();
  Result<void> AddBuiltInUsers();
  Result<void> SaveCounters(const ObjectInfo& object);  // in the caller's transaction
  ObjectCounters& CountersOf(const ObjectInfo& object) { return counters_.at(object.number); }
  [[nodiscard]] const ObjectCounters* FindCounters(const ObjectInfo& object) const;
  // schema_store.cc: rebuilds the catalogue from the files and the schema tables.
  Result<void> RebuildCatalogue(std::string_view changed_object);
  Result<bool> NumberObject(ObjectInfo& object);
  Result<std::vector<int>> PlaceFields(ObjectInfo& object);
  Result<void> MakeTable(const ObjectInfo& object);
  Result<void> AddColumns(const ObjectInfo& object, const std::vector<int>& columns);
  Result<bool> ApplyFieldStates(ObjectInfo& object);
  Result<void> MakeIndexes(const ObjectInfo& object);
  Result<void> DropIndexes(const ObjectInfo& object);
  Result<void> SetFieldState(std::string_view object, std::string_view field, std::string_view what,
                             bool on);
  // access.cc
  Result<void> LoadAccessRules();
  Result<AccessFacts> ReadAccessFacts(const std::string& user_id, const AccessRules& rules);
  Result<std::shared_ptr<const AccessView>> ViewOf(const std::string& user_id);
  Result<bool> MayQueryAllFiles(const std::string& user_id);
  Result<std::optional<Error>> RefusedBy(const AccessView& view, const Mutation& mutation);
  // Whether the mutation is of an object that decides who sees what.
  static bool TouchesAccess(const Catalogue& schema, const Mutation& mutation);
  void ForgetViews();
  // transact.cc
  // Whether this thread is in a transaction of Transact.
  [[nodiscard]] bool InTransaction() const;
  // With what an open transaction of this thread has added so far.
  [[nodiscard]] uint64_t CountOf(const ObjectInfo& object, bool all_rows) const;
  // A connection to read with: in a transaction the writer's own.
  Result<std::shared_ptr<Reader>> TakeReader();
  // mutate.cc
  // Applies the mutations to an open batch. Whether all of them, or enough of them, stand.
  Result<bool> ApplyAll(WriteBatch& batch, const AccessView& view,
                        std::span<const Mutation> mutations, const MutateOptions& options,
                        std::vector<RowOutcome>& outcomes);
  Result<void> KeepNote(const MutateOptions& options, std::span<const RowOutcome> outcomes);
  Result<int64_t> MutateOne(const Mutation& mutation, const Change& change);
  [[nodiscard]] int64_t NowSeconds() const;  // as milliseconds, whole seconds

  friend class Seeder;
  friend class WriteBatch;

  Options options_;
  Content content_ = Content::kBuiltIn;
  FileLock lock_;
  uint64_t seed_ = 0;
  std::string org_id_;
  int64_t created_at_ = 0;  // milliseconds: the generator's dates count from here
  int64_t admin_id_ = 0;

  mutable std::mutex catalogue_mutex_;  // the pointer, and the shape of the counters' map
  std::shared_ptr<const Catalogue> catalogue_;
  AccessRules access_rules_;
  std::unordered_map<std::string, std::shared_ptr<const AccessView>> views_;  // by user id
  uint64_t views_epoch_ = 0;

  std::mutex write_mutex_;  // the writer connection and all that follows
  Reader writer_;
  std::map<int, ObjectCounters> counters_;
  std::shared_ptr<const Catalogue> plans_of_;
  std::map<int, std::unique_ptr<WritePlan>> plans_;  // by object number, of that catalogue
  int64_t last_key_ = 0;                             // number of the last transaction key
  std::vector<ChangeSink*> sinks_;
  std::function<bool(const ObjectInfo&, int64_t)> refuses_lock_;
  WriteBatch* open_batch_ = nullptr;          // of Transact; touched only by its thread
  bool access_changed_ = false;               // in it
  std::atomic<std::thread::id> transacting_;  // the thread that is in Transact
  std::shared_ptr<ReaderPool> readers_;
};

// The first record number of an object: gives ids the look of a lived-in org's.
inline constexpr uint64_t kFirstRecordNumber = 1'000'000'000;

}  // namespace firn::sandbox
