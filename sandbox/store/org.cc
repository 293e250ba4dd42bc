#include "sandbox/org.h"

#include "core/base/random.h"
#include "sandbox/api_error.h"
#include "sandbox/soql/query.h"
#include "sandbox/store/bare_org.h"
#include "sandbox/store/locals.h"
#include "sandbox/store/org_impl.h"
#include "sandbox/store/record_view.h"

namespace firn::sandbox {
namespace {

constexpr std::string_view kFirstSchema =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE object_files(id INTEGER PRIMARY KEY, yaml TEXT NOT NULL);"
    "CREATE TABLE objects(number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    " next_n INTEGER NOT NULL, live INTEGER NOT NULL, total INTEGER NOT NULL,"
    " changed_at INTEGER NOT NULL);"
    "CREATE TABLE slots(object INTEGER NOT NULL, slot INTEGER NOT NULL, field TEXT NOT NULL,"
    " type TEXT NOT NULL, scale INTEGER NOT NULL, key_column INTEGER, PRIMARY KEY(object, slot))"
    " WITHOUT ROWID;"
    "CREATE TABLE field_states(object INTEGER NOT NULL, field TEXT NOT NULL,"
    " hidden INTEGER NOT NULL DEFAULT 0, removed INTEGER NOT NULL DEFAULT 0,"
    " PRIMARY KEY(object, field)) WITHOUT ROWID;";

// What a deletion took along (`root`: the record whose deletion it was) and what it cleared, for
// the undelete.
constexpr std::string_view kRecycleBin =
    "CREATE TABLE bin(id INTEGER PRIMARY KEY, root INTEGER NOT NULL);"
    "CREATE INDEX bin_root ON bin(root);"
    "CREATE TABLE bin_cleared(root INTEGER NOT NULL, child INTEGER NOT NULL,"
    " slot INTEGER NOT NULL, parent INTEGER NOT NULL);"
    "CREATE INDEX bin_cleared_root ON bin_cleared(root);";

// What jobs that write records need to go on after a crash.
constexpr std::string_view kNotes =
    "CREATE TABLE notes(key TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;";

Result<std::optional<std::string>> Meta(Database& db, std::string_view key) {
  FIRN_TRY(Statement find, db.Prepare("SELECT value FROM meta WHERE key = ?"));
  find.Bind(1, key);
  FIRN_TRY(const bool found, find.Step());
  if (!found) return std::optional<std::string>();
  return std::optional<std::string>(find.Text(0));
}

Result<void> SetMeta(Database& db, std::string_view key, std::string_view value) {
  FIRN_TRY(Statement put, db.Prepare("INSERT OR REPLACE INTO meta(key, value) VALUES (?, ?)"));
  put.Bind(1, key).Bind(2, value);
  return put.Run();
}

struct ProfileRow {
  const char* name;
  bool api;
  bool all_data;
};
constexpr ProfileRow kProfiles[] = {
    {"System Administrator", true, true}, {"Minimum Access - API Only Integrations", true, false},
    {"Standard User", true, false},       {"Read Only", true, false},
    {"Marketing User", true, false},      {"Contract Manager", false, false}};

struct UserRow {
  const char* username;
  const char* first;
  const char* last;
  const char* alias;
  int profile;
};
constexpr UserRow kUsers[] = {{"admin@firn.sandbox", "Ada", "Admin", "aadmin", 0},
                              {"integration@firn.sandbox", "Integration", "User", "integ", 1},
                              {"restricted@firn.sandbox", "Rosa", "Restricted", "rrest", 3}};

}  // namespace

Result<std::unique_ptr<Org>> Org::Open(Options options) {
  return OrgImpl::Open(std::move(options));
}

Result<std::unique_ptr<Org>> OpenBareOrg(Org::Options options) {
  return OrgImpl::OpenBare(std::move(options));
}

OrgImpl::OrgImpl(Options options, FileLock lock, Database db)
    : options_(std::move(options)),
      lock_(std::move(lock)),
      writer_(std::move(db)),
      readers_(std::make_shared<ReaderPool>(options_.folder + "/org.db")) {}

Result<std::unique_ptr<Org>> OrgImpl::Open(Options options) {
  return Make(std::move(options), Content::kBuiltIn);
}

Result<std::unique_ptr<Org>> OrgImpl::OpenBare(Options options) {
  return Make(std::move(options), Content::kBare);
}

Result<std::unique_ptr<Org>> OrgImpl::Make(Options options, Content content) {
  FIRN_CHECK(MakeFolders(options.folder));
  FIRN_TRY(FileLock lock, FileLock::Take(options.folder + "/org.lock", "sandbox org"));
  Database::Options database;
  database.cache_kib = 64 * 1024;
  FIRN_TRY(Database db, Database::Open(options.folder + "/org.db", database));
  FIRN_CHECK(Migrate(db, {kFirstSchema, kRecycleBin, kNotes}));
  auto org =
      std::unique_ptr<OrgImpl>(new OrgImpl(std::move(options), std::move(lock), std::move(db)));
  org->content_ = content;
  FIRN_CHECK(org->Prepare());
  return std::unique_ptr<Org>(std::move(org));
}

Result<void> OrgImpl::Prepare() {
  FIRN_TRY(const auto known, Meta(writer_.db(), "org_id"));
  // An org half made is made again, so its dozens of first commits need not wait for the disk.
  if (!known) FIRN_CHECK(writer_.db().Execute("PRAGMA synchronous = NORMAL"));
  FIRN_CHECK(MakeIdentity());
  FIRN_CHECK(RebuildCatalogue({}));
  FIRN_CHECK(LoadAccessRules());
  for (const auto& yaml : options_.object_yaml) FIRN_CHECK(DefineYaml(yaml));
  if (content_ == Content::kBare) return {};
  FIRN_CHECK(AddBuiltInUsers());
  if (known) return {};
  return writer_.db().Execute("PRAGMA synchronous = FULL; PRAGMA wal_checkpoint(TRUNCATE)");
}

Result<void> OrgImpl::MakeIdentity() {
  Database& db = writer_.db();
  FIRN_TRY(auto known, Meta(db, "org_id"));
  if (!known) {
    FIRN_TRY(Transaction transaction, Transaction::Begin(db));
    const auto random = SeededRandom(options_.seed);
    const uint64_t number = 14'776'336 + random->Below(900'000'000);
    FIRN_CHECK(SetMeta(db, "org_id", IdText(MakeId("00D", number))));
    FIRN_CHECK(SetMeta(db, "seed", std::to_string(options_.seed)));
    FIRN_CHECK(SetMeta(db, "created_at", std::to_string(NowSeconds())));
    FIRN_CHECK(transaction.Commit());
    FIRN_TRY(known, Meta(db, "org_id"));
  }
  org_id_ = *known;
  FIRN_TRY(const auto seed, Meta(db, "seed"));
  FIRN_TRY(const auto created, Meta(db, "created_at"));
  seed_ = std::strtoull(seed.value_or("42").c_str(), nullptr, 10);
  created_at_ = std::strtoll(created.value_or("0").c_str(), nullptr, 10);
  admin_id_ = MakeId("005", kFirstRecordNumber);
  FIRN_TRY(const auto last_key, Meta(db, "last_transaction_key"));
  last_key_ = std::strtoll(last_key.value_or("0").c_str(), nullptr, 10);
  return {};
}

// The people every org starts with, so that a client can sign in to an empty one.
Result<void> OrgImpl::AddBuiltInUsers() {
  Database& db = writer_.db();
  FIRN_TRY(const auto done, Meta(db, "people"));
  if (done) return {};
  // One by one, so that a start that was interrupted goes on where it was.
  const auto find_or_insert = [&](const std::string& object,
                                  const std::vector<FieldText>& fields) -> Result<int64_t> {
    FIRN_TRY(auto same, Query("SELECT Id FROM " + object + " WHERE " + fields[0].name + " = '" +
                                  *fields[0].text + "'",
                              {}));
    FIRN_TRY(const bool there, same->Next());
    if (there) return same->row()[0].number;
    return Insert(object, fields, {{}, true});
  };
  const auto flag = [](bool on) { return std::string(on ? "true" : "false"); };
  std::vector<std::string> profiles;
  for (const auto& row : kProfiles) {
    const std::vector<FieldText> fields = {{"Name", row.name},
                                           {"UserType", "Standard"},
                                           {"PermissionsApiEnabled", flag(row.api)},
                                           {"PermissionsViewAllData", flag(row.all_data)},
                                           {"PermissionsModifyAllData", flag(row.all_data)},
                                           {"PermissionsQueryAllFiles", flag(row.all_data)},
                                           {"PermissionsBulkApiHardDelete", flag(row.all_data)}};
    FIRN_TRY(const int64_t id, find_or_insert("Profile", fields));
    profiles.push_back(IdText(id));
  }
  for (const auto& row : kUsers) {
    const std::vector<FieldText> fields = {{"Username", row.username},
                                           {"FirstName", row.first},
                                           {"LastName", row.last},
                                           {"Alias", row.alias},
                                           {"CommunityNickname", row.alias},
                                           {"Email", row.username},
                                           {"CompanyName", "Glacier Outfitters"},
                                           {"IsActive", "true"},
                                           {"UserType", "Standard"},
                                           {"ProfileId", profiles[row.profile]},
                                           {"TimeZoneSidKey", "America/Los_Angeles"},
                                           {"LocaleSidKey", "en_US"},
                                           {"LanguageLocaleKey", "en_US"},
                                           {"EmailEncodingKey", "UTF-8"},
                                           {"DigestFrequency", "D"},
                                           {"DefaultGroupNotificationFrequency", "N"}};
    FIRN_CHECK(find_or_insert("User", fields));
  }
  FIRN_CHECK(find_or_insert("Organization", {{"Name", "Glacier Outfitters"},
                                             {"InstanceName", "FIRN1"},
                                             {"IsSandbox", "true"},
                                             {"TimeZoneSidKey", "America/Los_Angeles"},
                                             {"FiscalYearStartMonth", "1"}}));
  return SetMeta(db, "people", "made");
}

std::shared_ptr<const Catalogue> OrgImpl::catalogue() const {
  const std::lock_guard lock(catalogue_mutex_);
  return catalogue_;
}

Result<std::unique_ptr<RowCursor>> OrgImpl::Query(std::string_view soql,
                                                  const QueryOptions& options) {
  FIRN_TRY(auto reader, TakeReader());
  soql::QueryContext context;
  if (options.see_hidden || options.user_id.empty()) {
    context.catalogue = catalogue();
  } else {
    FIRN_TRY(context.view, ViewOf(options.user_id));
    context.catalogue = context.view->catalogue();
  }
  context.reader = std::move(reader);
  context.in_transaction = InTransaction();
  context.now_millis = NowSeconds();
  context.options = options;
  context.count = [this](const ObjectInfo& object, bool all_rows) -> uint64_t {
    return CountOf(object, all_rows);
  };
  context.may_query_all_files = [this, user_id = options.user_id] {
    return MayQueryAllFiles(user_id);
  };
  context.locals = [schema = catalogue(), rows = context.reader.get(), org_id = org_id_,
                    user_id = options.user_id,
                    known = std::shared_ptr<const soql::Locals>()]() mutable {
    if (!known) known = ReadLocals(*schema, *rows, user_id, org_id);
    return known;
  };
  return soql::OpenQuery(soql, std::move(context));
}

Result<Record> OrgImpl::Read(std::string_view object_name, std::string_view id,
                             const QueryOptions& options) {
  Record record;
  FIRN_TRY(const auto view, ViewOf(options.see_hidden ? std::string() : options.user_id));
  record.catalogue = view->catalogue();
  record.object = record.catalogue->Object(object_name);
  const auto not_found = [] {
    return Fail(ApiError(404, "NOT_FOUND", "The requested resource does not exist"));
  };
  if (record.object == nullptr) return not_found();
  const auto number = ParseId(id);
  if (!number) {
    return Fail(ApiError(
        404, "NOT_FOUND",
        "Provided external ID field does not exist or is not accessible: " + std::string(id)));
  }
  if (KeyPrefixOf(*number) != record.object->key_prefix) return not_found();
  FIRN_TRY(auto reader, TakeReader());
  FIRN_TRY(auto row, reader->Load(*record.object, *number));
  if (!row) return not_found();
  if (row->deleted && !options.all_rows) {
    return Fail(ApiError(404, "ENTITY_IS_DELETED", "entity is deleted"));
  }
  if (view->OwnOnly(*record.object)) {
    FIRN_TRY(const auto cursor, Query("SELECT Id FROM " + record.object->name + " WHERE Id = '" +
                                          IdText(*number) + "'",
                                      {.all_rows = true, .user_id = options.user_id}));
    FIRN_TRY(const bool seen, cursor->Next());
    if (!seen) return not_found();
  }
  record.id = *number;
  record.deleted = row->deleted;
  FIRN_CHECK(FillRecord(record, *row, reader));
  return record;
}

Result<std::string> OrgImpl::RecordJson(std::string_view object_name, int64_t id,
                                        const QueryOptions& options) {
  FIRN_TRY(const auto view, ViewOf(options.see_hidden ? std::string() : options.user_id));
  const auto& schema = view->catalogue();
  const ObjectInfo* object = schema->Object(object_name);
  FIRN_TRY(auto reader, TakeReader());
  std::optional<StoredRow> row;
  if (object != nullptr && KeyPrefixOf(id) == object->key_prefix) {
    FIRN_TRY(row, reader->Load(*object, id));
  }
  if (row && view->OwnOnly(*object)) {
    FIRN_CHECK(Read(object_name, IdText(id), options));  // refuses what this user may not see
  }
  if (!row) return Fail(ApiError(404, "NOT_FOUND", "The requested resource does not exist"));
  if (row->deleted) return Fail(ApiError(404, "ENTITY_IS_DELETED", "entity is deleted"));
  return RenderRecord(schema, *object, id, *row, std::move(reader), options);
}

Result<std::vector<int64_t>> OrgImpl::FindByExternalId(std::string_view object_name,
                                                       std::string_view field_name,
                                                       std::string_view value) {
  const auto schema = catalogue();
  const ObjectInfo* object = schema->Object(object_name);
  if (object == nullptr) {
    return Fail(ApiError(404, "NOT_FOUND", "The requested resource does not exist"));
  }
  const FieldInfo* field = object->Field(field_name);
  if (field == nullptr || field->hidden || !(field->external_id || field->id_lookup)) {
    return Fail(ApiError(404, "NOT_FOUND",
                         "Provided external ID field does not exist or is not accessible: " +
                             std::string(field_name)));
  }
  std::vector<int64_t> ids;
  std::string storage;
  FIRN_TRY(const Value wanted, ParseFieldText(*field, value, storage));
  if (wanted.null()) return ids;
  FIRN_TRY(auto reader, TakeReader());
  if (field->slot == kIdSlot) {
    FIRN_TRY(const auto row, reader->Load(*object, wanted.number));
    if (row && !row->deleted) ids.push_back(wanted.number);
    return ids;
  }
  if (field->key_column < 0) return ids;
  FIRN_TRY(Statement * find,
           reader->Cached("SELECT n FROM " + TableName(*object) + " WHERE k" +
                          std::to_string(field->key_column) + " = ? AND del = 0 LIMIT 100"));
  std::string key;
  if (wanted.kind == Value::Kind::kText) {
    AppendKeyText(wanted, key);
    find->Bind(1, std::string_view(key));
  } else {
    BindKeyNumber(*find, 1, wanted, field->scale);
  }
  for (;;) {
    FIRN_TRY(const bool more, find->Step());
    if (!more) break;
    ids.push_back(MakeId(object->key_prefix, find->Int(0)));
  }
  find->Reset();
  return ids;
}

Result<uint64_t> OrgImpl::Count(std::string_view object_name, bool all_rows) {
  const auto schema = catalogue();
  const ObjectInfo* object = schema->Object(object_name);
  if (object == nullptr) {
    return Fail(ApiError(404, "NOT_FOUND", "The requested resource does not exist"));
  }
  return CountOf(*object, all_rows);
}

const ObjectCounters* OrgImpl::FindCounters(const ObjectInfo& object) const {
  const std::lock_guard lock(catalogue_mutex_);
  const auto found = counters_.find(object.number);
  return found == counters_.end() ? nullptr : &found->second;
}

int64_t OrgImpl::NowSeconds() const {
  const auto now = options_.clock->Now().time_since_epoch();
  return std::chrono::floor<std::chrono::seconds>(now).count() * 1000;
}

}  // namespace firn::sandbox
