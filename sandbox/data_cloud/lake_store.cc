#include "sandbox/data_cloud/lake_store.h"

#include "core/base/file.h"

namespace firn::sandbox {
namespace {

constexpr std::string_view kTables =
    "CREATE TABLE lake_table(number INTEGER PRIMARY KEY, source TEXT NOT NULL,"
    " object TEXT NOT NULL, UNIQUE(source, object));"
    "CREATE TABLE lake_row(lake_table INTEGER NOT NULL, key TEXT NOT NULL,"
    " modified INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY(lake_table, key)) WITHOUT ROWID;"
    "CREATE TABLE lake_problem(number INTEGER PRIMARY KEY, lake_table INTEGER NOT NULL,"
    " origin TEXT NOT NULL, row INTEGER NOT NULL, what TEXT NOT NULL);"
    "CREATE INDEX lake_problem_table ON lake_problem(lake_table, number);"
    "CREATE TABLE lake_job(number INTEGER PRIMARY KEY, body TEXT NOT NULL);";
constexpr std::string_view kSuffix = ".yaml";

}  // namespace

Result<std::unique_ptr<LakeStore>> LakeStore::Open(const std::string& org_folder) {
  FIRN_CHECK(MakeFolders(org_folder + "/data_cloud", 0700));
  FIRN_TRY(Database db, Database::Open(org_folder + "/data_cloud.db", Database::Options{}));
  FIRN_CHECK(Migrate(db, {kTables}));
  std::unique_ptr<LakeStore> store(new LakeStore(org_folder + "/data_cloud", std::move(db)));
  FIRN_CHECK(store->LoadSources());
  return store;
}

Result<void> LakeStore::LoadSources() {
  FIRN_TRY(const auto names, ListFolder(folder_));
  for (const std::string& file : names) {
    if (!file.ends_with(kSuffix)) continue;
    const std::string name = file.substr(0, file.size() - kSuffix.size());
    FIRN_TRY(const std::string yaml, ReadFile(folder_ + "/" + file));
    auto source = ParseLakeSchema(name, yaml);
    if (!source) return Fail(std::move(source).error().Doing("reading " + PathOf(name)));
    sources_.emplace(name, *std::move(source));
  }
  return {};
}

Result<void> LakeStore::PutSource(const std::string& name, const std::string& yaml) {
  FIRN_TRY(LakeSource source, ParseLakeSchema(name, yaml));
  const std::lock_guard lock(sources_mutex_);
  if (const auto known = sources_.find(name); known != sources_.end()) {
    FIRN_CHECK(CheckLakeChange(known->second, source));
  }
  FIRN_CHECK(WriteFileDurably(PathOf(name), yaml, 0600));
  sources_.insert_or_assign(name, std::move(source));
  return {};
}

Result<void> LakeStore::DropSource(const std::string& name) {
  {
    const std::lock_guard lock(sources_mutex_);
    if (sources_.erase(name) == 0) {
      return Fail(Kind::kNotFound, "SBX-CLOUD-002", "there is no connector `" + name + "`");
    }
    FIRN_CHECK(RemoveFile(PathOf(name)));
  }
  const std::lock_guard lock(mutex_);
  FIRN_TRY(Transaction transaction, Transaction::Begin(db_));
  for (const std::string table : {"lake_row", "lake_problem"}) {
    FIRN_TRY(Statement drop, db_.Prepare("DELETE FROM " + table +
                                         " WHERE lake_table IN"
                                         " (SELECT number FROM lake_table WHERE source = ?)"));
    drop.Bind(1, name);
    FIRN_CHECK(drop.Run());
  }
  FIRN_TRY(Statement drop, db_.Prepare("DELETE FROM lake_table WHERE source = ?"));
  drop.Bind(1, name);
  FIRN_CHECK(drop.Run());
  return transaction.Commit();
}

std::vector<LakeSource> LakeStore::Sources() const {
  const std::lock_guard lock(sources_mutex_);
  std::vector<LakeSource> sources;
  for (const auto& [name, source] : sources_) sources.push_back(source);
  return sources;
}

std::optional<LakeObject> LakeStore::Find(std::string_view source, std::string_view object) const {
  const std::lock_guard lock(sources_mutex_);
  const auto found = sources_.find(source);
  const LakeObject* known = found == sources_.end() ? nullptr : found->second.Object(object);
  return known == nullptr ? std::nullopt : std::optional(*known);
}

Result<int64_t> LakeStore::TableLocked(std::string_view source, std::string_view object) {
  FIRN_TRY(Statement put, db_.Prepare("INSERT OR IGNORE INTO lake_table(source, object)"
                                      " VALUES(?, ?)"));
  put.Bind(1, source).Bind(2, object);
  FIRN_CHECK(put.Run());
  FIRN_TRY(Statement find, db_.Prepare("SELECT number FROM lake_table"
                                       " WHERE source = ? AND object = ?"));
  find.Bind(1, source).Bind(2, object);
  FIRN_CHECK(find.Step());
  return find.Int(0);
}

Result<void> LakeStore::Upsert(int64_t table, const std::vector<LakeRow>& rows) {
  // A record replaces the one of its key whole, unless that one is newer.
  FIRN_TRY(Statement put,
           db_.Prepare("INSERT INTO lake_row VALUES(?, ?, ?, ?) ON CONFLICT(lake_table, key)"
                       " DO UPDATE SET modified = excluded.modified, json = excluded.json"
                       " WHERE excluded.modified >= lake_row.modified"));
  for (const LakeRow& row : rows) {
    put.Bind(1, table).BindStaticText(2, row.key).Bind(3, row.modified);
    put.BindStaticText(4, row.json);
    FIRN_CHECK(put.Run());
  }
  return {};
}

Result<void> LakeStore::Delete(int64_t table, const std::vector<LakeRow>& rows) {
  FIRN_TRY(Statement drop, db_.Prepare("DELETE FROM lake_row WHERE lake_table = ? AND key = ?"
                                       " AND (modified = 0 OR modified < ?)"));
  for (const LakeRow& row : rows) {
    drop.Bind(1, table).BindStaticText(2, row.key).Bind(3, row.modified);
    FIRN_CHECK(drop.Run());
  }
  return {};
}

Result<void> LakeStore::Note(int64_t table, const std::vector<LakeProblem>& problems) {
  if (problems.empty()) return {};
  FIRN_TRY(Statement put, db_.Prepare("INSERT INTO lake_problem(lake_table, origin, row, what)"
                                      " VALUES(?, ?, ?, ?)"));
  for (const LakeProblem& problem : problems) {
    put.Bind(1, table).BindStaticText(2, problem.origin).Bind(3, problem.row);
    put.BindStaticText(4, problem.what);
    FIRN_CHECK(put.Run());
  }
  FIRN_TRY(Statement drop, db_.Prepare("DELETE FROM lake_problem WHERE lake_table = ?1 AND number"
                                       " <= (SELECT number FROM lake_problem WHERE lake_table = ?1"
                                       " ORDER BY number DESC LIMIT 1 OFFSET ?2)"));
  drop.Bind(1, table).Bind(2, kProblemsKept);
  return drop.Run();
}

Result<void> LakeStore::Apply(std::string_view source, std::string_view object,
                              const LakeBatch& batch) {
  if (batch.empty()) return {};
  const std::lock_guard lock(mutex_);
  FIRN_TRY(Transaction transaction, Transaction::Begin(db_));
  FIRN_TRY(const int64_t table, TableLocked(source, object));
  FIRN_CHECK(Upsert(table, batch.upserts));
  FIRN_CHECK(Delete(table, batch.deletes));
  FIRN_CHECK(Note(table, batch.problems));
  return transaction.Commit();
}

Result<uint64_t> LakeStore::Count(std::string_view source, std::string_view object) {
  const std::lock_guard lock(mutex_);
  FIRN_TRY(const int64_t table, TableLocked(source, object));
  FIRN_TRY(Statement count, db_.Prepare("SELECT COUNT(*) FROM lake_row WHERE lake_table = ?"));
  count.Bind(1, table);
  FIRN_CHECK(count.Step());
  return static_cast<uint64_t>(count.Int(0));
}

Result<std::vector<std::string>> LakeStore::Rows(std::string_view source, std::string_view object,
                                                 const Page& page) {
  const std::lock_guard lock(mutex_);
  FIRN_TRY(const int64_t table, TableLocked(source, object));
  FIRN_TRY(Statement find,
           db_.Prepare("SELECT json FROM lake_row WHERE lake_table = ?1 AND (?2 = '' OR key = ?2)"
                       " ORDER BY key LIMIT ?3 OFFSET ?4"));
  find.Bind(1, table).Bind(2, page.key).Bind(3, page.rows_max).Bind(4, page.offset);
  std::vector<std::string> rows;
  for (;;) {
    FIRN_TRY(const bool more, find.Step());
    if (!more) return rows;
    rows.emplace_back(find.Text(0));
  }
}

Result<std::vector<LakeProblem>> LakeStore::Problems(std::string_view source,
                                                     std::string_view object) {
  const std::lock_guard lock(mutex_);
  FIRN_TRY(const int64_t table, TableLocked(source, object));
  FIRN_TRY(Statement find, db_.Prepare("SELECT origin, row, what FROM lake_problem"
                                       " WHERE lake_table = ? ORDER BY number DESC"));
  find.Bind(1, table);
  std::vector<LakeProblem> problems;
  for (;;) {
    FIRN_TRY(const bool more, find.Step());
    if (!more) return problems;
    problems.push_back(
        {std::string(find.Text(0)), static_cast<uint64_t>(find.Int(1)), std::string(find.Text(2))});
  }
}

Result<void> LakeStore::SaveJob(int64_t number, std::string_view body) {
  const std::lock_guard lock(mutex_);
  FIRN_TRY(Statement put, db_.Prepare("INSERT OR REPLACE INTO lake_job VALUES(?, ?)"));
  put.Bind(1, number).Bind(2, body);
  return put.Run();
}

Result<void> LakeStore::DropJob(int64_t number) {
  const std::lock_guard lock(mutex_);
  FIRN_TRY(Statement drop, db_.Prepare("DELETE FROM lake_job WHERE number = ?"));
  drop.Bind(1, number);
  return drop.Run();
}

Result<std::vector<std::string>> LakeStore::Jobs() {
  const std::lock_guard lock(mutex_);
  FIRN_TRY(Statement all, db_.Prepare("SELECT body FROM lake_job ORDER BY number"));
  std::vector<std::string> bodies;
  for (;;) {
    FIRN_TRY(const bool more, all.Step());
    if (!more) return bodies;
    bodies.emplace_back(all.Text(0));
  }
}

}  // namespace firn::sandbox
