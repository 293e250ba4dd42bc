// Tables and views of the embedded catalog for a server: several entries at once, renames.
#include "ends/lake/internal/sql_catalog.h"

namespace firn::lake::internal {
namespace {

std::string_view KindText(EntryKind kind) { return kind == EntryKind::kView ? "VIEW" : "TABLE"; }

CatalogOutcome Refused(CatalogRefusal::Why why, size_t step = 0) {
  return CatalogRefusal{why, step};
}

CatalogRefusal::Why TakenBy(EntryKind kind) {
  return kind == EntryKind::kView ? CatalogRefusal::Why::kTakenByView
                                  : CatalogRefusal::Why::kTakenByTable;
}

}  // namespace

Result<std::vector<std::string>> SqlCatalog::Entries(const std::string& ns, EntryKind kind) {
  return Reading([&](Database& db) -> Result<std::vector<std::string>> {
    FIRN_TRY(Statement query,
             db.Prepare("SELECT table_name FROM iceberg_tables WHERE catalog_name = ? AND "
                        "table_namespace = ? AND ifnull(iceberg_type, 'TABLE') = ? ORDER BY 1"));
    query.Bind(1, name_).Bind(2, ns).Bind(3, KindText(kind));
    std::vector<std::string> out;
    for (;;) {
      FIRN_TRY(const bool row, query.Step());
      if (!row) return out;
      out.emplace_back(query.Text(0));
    }
  });
}

Result<std::optional<CatalogEntry>> SqlCatalog::FindEntry(const TableIdent& ident, EntryKind kind) {
  return Reading([&](Database& db) -> Result<std::optional<CatalogEntry>> {
    FIRN_TRY(auto row, FindRow(db, ident));
    if (!row || row->kind != kind) return std::optional<CatalogEntry>();
    return std::optional(std::move(row->entry));
  });
}

Result<std::optional<SqlCatalog::Row>> SqlCatalog::FindRow(Database& db, const TableIdent& ident) {
  FIRN_TRY(Statement query,
           db.Prepare("SELECT metadata_location, previous_metadata_location, iceberg_type FROM "
                      "iceberg_tables WHERE catalog_name = ? AND table_namespace = ? AND "
                      "table_name = ?"));
  query.Bind(1, name_).Bind(2, ident.ns).Bind(3, ident.name);
  FIRN_TRY(const bool there, query.Step());
  if (!there) return std::optional<Row>();
  Row row;
  row.kind = query.Text(2) == "VIEW" ? EntryKind::kView : EntryKind::kTable;
  row.entry = {std::string(query.Text(0)), std::string(query.Text(1))};
  return std::optional(std::move(row));
}

Error SqlCatalog::Unknown(const std::string& what, const Error& cause) const {
  // An I/O error may come after the log was written: nobody knows which of the two it was.
  return Error(Kind::kCommitUnknown, "LAKE-COMMIT-002",
               "it is not known whether " + what + " took effect")
      .At(path_)
      .Because(cause.why());
}

Result<CatalogOutcome> SqlCatalog::Apply(const std::vector<CatalogStep>& steps,
                                         const CatalogNote& note) {
  Pending mine;
  mine.steps = &steps;
  mine.note = &note;
  std::unique_lock lock(queue_mutex_);
  queue_.push_back(&mine);
  batch_done_.wait(lock, [&] { return mine.done || !applying_; });
  if (mine.done) return std::move(mine.outcome);
  applying_ = true;
  const std::vector<Pending*> batch = std::exchange(queue_, {});
  lock.unlock();
  ApplyBatch(batch);
  lock.lock();
  for (Pending* pending : batch) pending->done = true;
  applying_ = false;
  lock.unlock();
  batch_done_.notify_all();
  return std::move(mine.outcome);
}

void SqlCatalog::ApplyBatch(const std::vector<Pending*>& batch) {
  const auto applied = Guarded([&] { return ApplyInOneTransaction(batch); });
  if (applied) return;
  // What was refused stays refused; the others' fate is the transaction's.
  for (Pending* pending : batch) {
    if (!pending->outcome || *pending->outcome) continue;
    if (applied.error().kind() == Kind::kCorrupt) {
      pending->outcome = Fail(
          Unknown("the commit to `" + pending->steps->front().ident.Text() + "`", applied.error()));
    } else {
      pending->outcome = Fail(applied.error());
    }
  }
}

Result<void> SqlCatalog::ApplyInOneTransaction(const std::vector<Pending*>& batch) {
  FIRN_TRY(Transaction transaction, Transaction::Begin(db_));
  for (Pending* pending : batch) {
    FIRN_CHECK(db_.Execute("SAVEPOINT one_change"));
    pending->outcome = ApplySteps(*pending->steps);
    const bool refused = !pending->outcome || *pending->outcome;
    FIRN_CHECK(refused ? db_.Execute("ROLLBACK TO one_change") : PutNote(*pending->note));
    FIRN_CHECK(db_.Execute("RELEASE one_change"));
  }
  return transaction.Commit();
}

Result<CatalogOutcome> SqlCatalog::ApplySteps(const std::vector<CatalogStep>& steps) {
  for (size_t number = 0; number < steps.size(); ++number) {
    auto outcome = ApplyStep(steps[number], number);
    if (!outcome || *outcome) return outcome;
  }
  return CatalogOutcome();
}

Result<CatalogOutcome> SqlCatalog::ApplyStep(const CatalogStep& step, size_t number) {
  if (!step.expected) return InsertStep(step, number);
  FIRN_TRY(Statement update,
           db_.Prepare("UPDATE iceberg_tables SET metadata_location = ?1, "
                       "previous_metadata_location = ?2 WHERE catalog_name = ?3 AND "
                       "table_namespace = ?4 AND table_name = ?5 AND metadata_location = ?2 AND "
                       "ifnull(iceberg_type, 'TABLE') = ?6"));
  update.Bind(1, step.next).Bind(2, *step.expected).Bind(3, name_);
  update.Bind(4, step.ident.ns).Bind(5, step.ident.name).Bind(6, KindText(step.kind));
  FIRN_CHECK(update.Run());
  if (db_.RowsChanged() == 1) return CatalogOutcome();
  FIRN_TRY(const auto row, FindRow(db_, step.ident));
  const bool missing = !row || row->kind != step.kind;
  return Refused(missing ? CatalogRefusal::Why::kMissing : CatalogRefusal::Why::kMoved, number);
}

Result<CatalogOutcome> SqlCatalog::InsertStep(const CatalogStep& step, size_t number) {
  if (!implicit_namespaces_) {
    FIRN_TRY(const bool there, NamespaceExists(db_, step.ident.ns));
    if (!there) return Refused(CatalogRefusal::Why::kNoNamespace, number);
  }
  FIRN_TRY(const auto row, FindRow(db_, step.ident));
  if (row) return Refused(TakenBy(row->kind), number);
  FIRN_TRY(Statement insert,
           db_.Prepare("INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, "
                       "metadata_location, iceberg_type) VALUES (?, ?, ?, ?, ?)"));
  insert.Bind(1, name_).Bind(2, step.ident.ns).Bind(3, step.ident.name).Bind(4, step.next);
  insert.Bind(5, KindText(step.kind));
  FIRN_CHECK(insert.Run());
  FIRN_CHECK(ForgetStaged(step.ident));
  return CatalogOutcome();
}

Result<std::optional<std::string>> SqlCatalog::DeleteEntry(const TableIdent& ident, EntryKind kind,
                                                           const CatalogNote& note) {
  return Guarded([&]() -> Result<std::optional<std::string>> {
    FIRN_TRY(Transaction transaction, Transaction::Begin(db_));
    FIRN_TRY(auto row, FindRow(db_, ident));
    if (!row || row->kind != kind) return std::optional<std::string>();
    FIRN_TRY(Statement erase, db_.Prepare("DELETE FROM iceberg_tables WHERE catalog_name = ? AND "
                                          "table_namespace = ? AND table_name = ?"));
    erase.Bind(1, name_).Bind(2, ident.ns).Bind(3, ident.name);
    FIRN_CHECK(erase.Run());
    CatalogNote kept = note;
    if (kept.with_location) kept.text += "\n" + row->entry.metadata_location;
    FIRN_CHECK(PutNote(kept));
    FIRN_CHECK(transaction.Commit());
    return std::optional(std::move(row->entry.metadata_location));
  });
}

Result<CatalogOutcome> SqlCatalog::Rename(const Renaming& renaming, const CatalogNote& note) {
  return Guarded([&]() -> Result<CatalogOutcome> {
    FIRN_TRY(Transaction transaction, Transaction::Begin(db_));
    FIRN_TRY(const auto from, FindRow(db_, renaming.from));
    if (!from || from->kind != renaming.kind) return Refused(CatalogRefusal::Why::kMissing);
    if (renaming.from == renaming.to) return CatalogOutcome();
    FIRN_TRY(const bool there, NamespaceExists(db_, renaming.to.ns));
    if (!there) return Refused(CatalogRefusal::Why::kNoNamespace);
    FIRN_TRY(const auto to, FindRow(db_, renaming.to));
    if (to) return Refused(TakenBy(to->kind));
    FIRN_TRY(Statement update,
             db_.Prepare("UPDATE iceberg_tables SET table_namespace = ?, table_name = ? WHERE "
                         "catalog_name = ? AND table_namespace = ? AND table_name = ?"));
    update.Bind(1, renaming.to.ns).Bind(2, renaming.to.name).Bind(3, name_);
    update.Bind(4, renaming.from.ns).Bind(5, renaming.from.name);
    FIRN_CHECK(update.Run());
    FIRN_CHECK(PutNote(note));
    FIRN_CHECK(transaction.Commit());
    return CatalogOutcome();
  });
}

}  // namespace firn::lake::internal
