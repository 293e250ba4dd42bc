// SqlCatalog: the embedded catalog's statements over one SQLite connection behind a mutex. Its
// tables are in catalog/sql_catalog.cc, namespaces in catalog/sql_namespaces.cc, changes of several
// entries in catalog/sql_entries.cc, staged tables in catalog/sql_staged.cc.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/sqlite.h"
#include "ends/lake/catalog/catalog.h"

namespace firn::lake::internal {

[[nodiscard]] Error TranslatedSqlError(Error error, const std::string& path);

class SqlCatalog final : public ServedCatalog {
 public:
  SqlCatalog(Database db, std::string name, std::string path)
      : db_(std::move(db)), name_(std::move(name)), path_(std::move(path)) {}
  [[nodiscard]] Result<void> Prepare();
  // The tables of notes and of staged tables, which other programs do not know and do not mind.
  [[nodiscard]] Result<void> PrepareNotes();
  [[nodiscard]] Result<void> PrepareStaged();
  void AllowImplicitNamespaces() { implicit_namespaces_ = true; }
  // Lets reads go by a connection of their own.
  void ReadThrough(Database reader) { reader_ = std::move(reader); }

  Result<std::vector<std::string>> Namespaces() override;
  Result<void> CreateNamespace(const std::string& ns) override;
  Result<std::vector<TableIdent>> Tables(const std::string& ns) override;
  Result<std::optional<CatalogEntry>> Find(const TableIdent& ident) override;
  Result<bool> Insert(const TableIdent& ident, const std::string& metadata_location) override;
  Result<bool> Swap(const TableIdent& ident, const CatalogSwap& swap) override;
  Result<bool> Delete(const TableIdent& ident) override;

  Result<std::vector<std::string>> Entries(const std::string& ns, EntryKind kind) override;
  Result<std::optional<CatalogEntry>> FindEntry(const TableIdent& ident, EntryKind kind) override;
  Result<CatalogOutcome> Apply(const std::vector<CatalogStep>& steps,
                               const CatalogNote& note) override;
  Result<std::optional<std::string>> DeleteEntry(const TableIdent& ident, EntryKind kind,
                                                 const CatalogNote& note) override;
  Result<CatalogOutcome> Rename(const Renaming& renaming, const CatalogNote& note) override;
  Result<std::optional<NamespaceProperties>> FindNamespace(const std::string& ns) override;
  Result<bool> InsertNamespace(const std::string& ns, const NamespaceProperties& properties,
                               const CatalogNote& note) override;
  Result<CatalogOutcome> UpdateNamespace(const std::string& ns, const NamespaceProperties& set,
                                         const std::vector<std::string>& removed,
                                         const CatalogNote& note) override;
  Result<CatalogOutcome> DeleteNamespace(const std::string& ns, const CatalogNote& note) override;
  Result<std::optional<std::string>> FindNote(const std::string& key, int64_t now_ms) override;
  Result<std::vector<TableRow>> TableRows() override;
  Result<int64_t> Version() override;
  Result<void> KeepStaged(const StagedTable& staged, int64_t now_ms) override;
  Result<std::vector<StagedTable>> Staged(const std::optional<TableIdent>& ident,
                                          int64_t now_ms) override;

 private:
  template <typename Work>
  auto Guarded(Work work) -> decltype(work()) {
    const std::lock_guard lock(mutex_);
    auto result = work();
    if (!result) return Fail(TranslatedSqlError(std::move(result).error(), path_));
    return result;
  }

  // The same for work that only reads `db`.
  template <typename Work>
  auto Reading(Work work) -> decltype(work(std::declval<Database&>())) {
    const std::lock_guard lock(reader_ ? reader_mutex_ : mutex_);
    auto result = work(reader_ ? *reader_ : db_);
    if (!result) return Fail(TranslatedSqlError(std::move(result).error(), path_));
    return result;
  }

  // A call of Apply that waits for its turn.
  struct Pending {
    const std::vector<CatalogStep>* steps = nullptr;
    const CatalogNote* note = nullptr;
    Result<CatalogOutcome> outcome = CatalogOutcome();
    bool done = false;
  };
  void ApplyBatch(const std::vector<Pending*>& batch);
  Result<void> ApplyInOneTransaction(const std::vector<Pending*>& batch);

  // The rest is called with the connection's mutex held.
  struct Row {
    EntryKind kind = EntryKind::kTable;
    CatalogEntry entry;
  };
  Result<std::optional<Row>> FindRow(Database& db, const TableIdent& ident);
  Result<bool> NamespaceExists(Database& db, const std::string& ns);
  Result<bool> HasAnyBelow(Database& db, const std::string& ns);
  Result<CatalogOutcome> ApplySteps(const std::vector<CatalogStep>& steps);
  Result<void> PutNote(const CatalogNote& note);
  Result<void> ForgetStaged(const TableIdent& ident);
  Result<void> PutProperty(const std::string& ns, const std::string& key, const std::string& value);
  Result<CatalogOutcome> ApplyStep(const CatalogStep& step, size_t number);
  Result<CatalogOutcome> InsertStep(const CatalogStep& step, size_t number);
  [[nodiscard]] Error Unknown(const std::string& what, const Error& cause) const;

  bool implicit_namespaces_ = false;  // set before the first call, as the next
  bool keeps_staged_ = false;
  std::mutex mutex_;
  std::mutex reader_mutex_;
  std::optional<Database> reader_;
  std::mutex queue_mutex_;
  std::condition_variable batch_done_;
  std::vector<Pending*> queue_;
  bool applying_ = false;
  Database db_;
  std::string name_;
  std::string path_;
};

}  // namespace firn::lake::internal
