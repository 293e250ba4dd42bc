// Org: one local Salesforce org, its schema and its records, in one folder.
//
// The folder holds `org.db` (SQLite). Several threads may call at once: readers get connections of
// their own and see a snapshot; writers take turns. The clock is passed in and must outlive the
// org. What a client could see is decided here (field-level security, recycle bin, types); HTTP,
// sessions and jobs are not this class's business. It never opens a network connection.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "sandbox/mutation.h"
#include "sandbox/query.h"
#include "sandbox/schema.h"
#include "sandbox/value.h"

namespace firn::sandbox {

// A field of a record as a client sends it; no text = null.
struct FieldText {
  std::string name;
  std::optional<std::string> text;
};

// A whole record, owning its texts.
struct Record {
  std::shared_ptr<const Catalogue> catalogue;
  const ObjectInfo* object = nullptr;
  int64_t id = 0;
  bool deleted = false;
  std::vector<Value> values;  // one for each of object->fields, compounds and formulas included
  std::vector<std::unique_ptr<std::string>> texts;  // what the values point to
};

struct SeedOptions {
  double scale = 1.0;            // 1 = about 100,000 records over all objects
  std::string object;            // only this one ..
  std::optional<uint64_t> rows;  // .. and so many of it
  double deleted_share = 0.02;   // of records that go to the recycle bin
  std::function<void(std::string_view object, uint64_t rows)> progress;
};

struct SeedReport {
  std::vector<std::pair<std::string, uint64_t>> rows;  // per object, deleted ones included
};

// Profiles whose users have only what permission sets grant, and objects of which users see only
// what they own. All others are open.
struct AccessRules {
  std::set<std::string> closed_profiles;
  std::set<std::string> private_objects;
};

class Org {
 public:
  struct Options {
    std::string folder;
    uint64_t seed = 42;  // decides the org id and what the generator makes; kept at creation
    Clock* clock = &SystemClock();
    std::vector<std::string> object_yaml;  // the user's own objects, or fields of known ones
  };
  // Creates the folder and the org in it if there is none, else opens it; objects in `object_yaml`
  // are added. An org that was just created holds its users and profiles and nothing else.
  // Errors: Corrupt, Conflict (another process holds it), BadInput (SBX-SCHEMA-...: an object file
  // with a mistake, named with line and column).
  [[nodiscard]] static Result<std::unique_ptr<Org>> Open(Options options);
  virtual ~Org() = default;

  [[nodiscard]] virtual const std::string& folder() const = 0;
  [[nodiscard]] virtual const std::string& org_id() const = 0;  // 00D.., 18 characters
  [[nodiscard]] virtual uint64_t seed() const = 0;
  // Changes when the schema changes; keep it for as long as you use what it points to.
  [[nodiscard]] virtual std::shared_ptr<const Catalogue> catalogue() const = 0;

  // The same as this user sees it: objects and fields that are withheld are not there or hidden.
  [[nodiscard]] virtual std::shared_ptr<const Catalogue> CatalogueFor(
      const std::string& user_id) = 0;
  // Who may see what; see store/access_view.h. Kept in the org. Errors: BadInput (SBX-ACCESS-001).
  [[nodiscard]] virtual AccessRules access_rules() const = 0;
  [[nodiscard]] virtual Result<void> SetAccessRules(const AccessRules& rules) = 0;

  // Runs SOQL. Errors: api errors MALFORMED_QUERY, INVALID_FIELD, INVALID_TYPE ..
  [[nodiscard]] virtual Result<std::unique_ptr<RowCursor>> Query(std::string_view soql,
                                                                 const QueryOptions& options) = 0;
  // One record, deleted ones only with `all_rows`. Errors: api error NOT_FOUND.
  [[nodiscard]] virtual Result<Record> Read(std::string_view object, std::string_view id,
                                            const QueryOptions& options) = 0;
  // The live record as a REST read of all its fields answers it. Errors: api errors NOT_FOUND,
  // ENTITY_IS_DELETED.
  [[nodiscard]] virtual Result<std::string> RecordJson(std::string_view object, int64_t id,
                                                       const QueryOptions& options) = 0;
  // The ids of the live records whose external (or idLookup) field has this value; 300 Multiple
  // Choices is the caller's. Errors: api errors NOT_FOUND (no such object), INVALID_FIELD.
  [[nodiscard]] virtual Result<std::vector<int64_t>> FindByExternalId(std::string_view object,
                                                                      std::string_view field,
                                                                      std::string_view value) = 0;
  // Live records, or all with `all_rows`. Kept as a counter: does not scan.
  [[nodiscard]] virtual Result<uint64_t> Count(std::string_view object, bool all_rows) = 0;

  // ---- records -------------------------------------------------------------------------------
  // `SystemModstamp`, `LastModifiedDate` and the like are set by the org from its clock, unless
  // `set_audit_fields` lets the caller give them (late commits, migrations).
  struct Change {
    std::string user_id;  // 18 characters; empty = the org's administrator
    bool set_audit_fields = false;
    std::string origin;  // what a change event's header says of where it came from
  };
  // The new record's id. Errors: api errors (REQUIRED_FIELD_MISSING, INVALID_FIELD, ..).
  [[nodiscard]] virtual Result<int64_t> Insert(std::string_view object,
                                               const std::vector<FieldText>& fields,
                                               const Change& change) = 0;
  [[nodiscard]] virtual Result<void> Update(int64_t id, const std::vector<FieldText>& fields,
                                            const Change& change) = 0;
  // Into the recycle bin, or at once for good where the object has none. Errors: ENTITY_IS_DELETED.
  [[nodiscard]] virtual Result<void> Delete(int64_t id, const Change& change) = 0;
  [[nodiscard]] virtual Result<void> Undelete(int64_t id, const Change& change) = 0;
  // For good, leaving no trace that queryAll could see (hardDelete, emptied recycle bin).
  [[nodiscard]] virtual Result<void> Purge(int64_t id, const Change& change) = 0;
  // Applies the mutations in their order, all in one transaction of the store: a row that fails
  // leaves no trace and does not touch the others, unless `all_or_none`. One outcome for each.
  // Insert, Update .. above are calls of it with one mutation. Errors: the store's own (nothing was
  // written then); what is wrong with a row stands in its outcome.
  [[nodiscard]] virtual Result<std::vector<RowOutcome>> Mutate(std::span<const Mutation> mutations,
                                                               const MutateOptions& options) = 0;
  // Runs `work` on this thread as one transaction of the store: what this thread reads and writes
  // of the org meanwhile is part of it, others see and hear nothing before it ends. Its changes
  // have one transaction key; user and origin are those of `options`. `work` answers whether it
  // shall stand; cursors it opened must be gone by then. In a transaction it is a part that can be
  // taken back by itself. Errors: the store's and those of `work`; nothing was written then.
  [[nodiscard]] virtual Result<void> Transact(const MutateOptions& options,
                                              const std::function<Result<bool>()>& work) = 0;
  // The text that the last call of Mutate with this note key left; empty: none.
  [[nodiscard]] virtual Result<std::string> Note(std::string_view key) = 0;
  [[nodiscard]] virtual Result<void> DropNote(std::string_view key) = 0;
  // Hears of every change from now on; must outlive the org or be taken away by RemoveSink.
  [[nodiscard]] virtual Result<void> AddSink(ChangeSink* sink) = 0;
  virtual void RemoveSink(ChangeSink* sink) = 0;
  // Asked before a record is written: true makes the row fail with UNABLE_TO_LOCK_ROW.
  virtual void OnLock(std::function<bool(const ObjectInfo& object, int64_t id)> refuses) = 0;
  // Purges what has been in the recycle bin since before `before`. Returns how many records went.
  [[nodiscard]] virtual Result<uint64_t> EmptyRecycleBin(UtcMicros before) = 0;

  // ---- schema --------------------------------------------------------------------------------
  // An object file: a new object, or fields for a known one.
  [[nodiscard]] virtual Result<void> DefineYaml(std::string_view yaml) = 0;
  // Field-level security takes the field away from (or gives it back to) API clients.
  [[nodiscard]] virtual Result<void> HideField(std::string_view object, std::string_view field,
                                               bool hidden) = 0;
  // The field is deleted from (or restored to) the schema; its values stay in the store.
  [[nodiscard]] virtual Result<void> RemoveField(std::string_view object, std::string_view field,
                                                 bool removed) = 0;
  // The custom object is deleted from (or restored to) the schema, with the lookups that refer to
  // nothing else; its records stay in the store. Errors: INVALID_TYPE for any other object.
  [[nodiscard]] virtual Result<void> RemoveObject(std::string_view object, bool removed) = 0;

  // ---- data ----------------------------------------------------------------------------------
  // Fills the org. Deterministic: same seed, schema and options, same records.
  [[nodiscard]] virtual Result<SeedReport> Seed(const SeedOptions& options) = 0;
};

}  // namespace firn::sandbox
