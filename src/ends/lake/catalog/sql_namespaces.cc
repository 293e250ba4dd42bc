// Namespaces of the embedded catalog with their properties, and notes.
#include "ends/lake/internal/sql_catalog.h"

namespace firn::lake::internal {
namespace {

// The row that stands for a namespace without properties, as JdbcCatalog and PyIceberg write it.
constexpr const char* kExists = "exists";

// Names below `ns` lie between these two: `.` is followed by `/`.
std::string FirstBelow(const std::string& ns) { return ns + "."; }
std::string PastBelow(const std::string& ns) { return ns + "/"; }

}  // namespace

Result<bool> SqlCatalog::NamespaceExists(Database& db, const std::string& ns) {
  FIRN_TRY(Statement query,
           db.Prepare("SELECT EXISTS (SELECT 1 FROM iceberg_namespace_properties WHERE "
                      "catalog_name = ?1 AND namespace = ?2) OR EXISTS (SELECT 1 FROM "
                      "iceberg_tables WHERE catalog_name = ?1 AND table_namespace = ?2)"));
  query.Bind(1, name_).Bind(2, ns);
  FIRN_CHECK(query.Step());
  if (query.Int(0) != 0) return true;
  return HasAnyBelow(db, ns);
}

Result<bool> SqlCatalog::HasAnyBelow(Database& db, const std::string& ns) {
  FIRN_TRY(Statement query,
           db.Prepare("SELECT EXISTS (SELECT 1 FROM iceberg_namespace_properties WHERE "
                      "catalog_name = ?1 AND namespace >= ?2 AND namespace < ?3) OR EXISTS "
                      "(SELECT 1 FROM iceberg_tables WHERE catalog_name = ?1 AND "
                      "table_namespace >= ?2 AND table_namespace < ?3)"));
  query.Bind(1, name_).Bind(2, FirstBelow(ns)).Bind(3, PastBelow(ns));
  FIRN_CHECK(query.Step());
  return query.Int(0) != 0;
}

Result<std::optional<NamespaceProperties>> SqlCatalog::FindNamespace(const std::string& ns) {
  return Reading([&](Database& db) -> Result<std::optional<NamespaceProperties>> {
    FIRN_TRY(const bool there, NamespaceExists(db, ns));
    if (!there) return std::optional<NamespaceProperties>();
    FIRN_TRY(Statement query,
             db.Prepare("SELECT property_key, property_value FROM iceberg_namespace_properties "
                        "WHERE catalog_name = ? AND namespace = ? AND property_key <> ?"));
    query.Bind(1, name_).Bind(2, ns).Bind(3, std::string_view(kExists));
    NamespaceProperties out;
    for (;;) {
      FIRN_TRY(const bool row, query.Step());
      if (!row) return std::optional(std::move(out));
      out.emplace(query.Text(0), query.Text(1));
    }
  });
}

Result<void> SqlCatalog::PrepareNotes() {
  return Guarded([this]() -> Result<void> {
    return db_.Execute(
        "CREATE TABLE IF NOT EXISTS firn_catalog_notes (catalog_name TEXT NOT NULL, "
        "key TEXT NOT NULL, text TEXT NOT NULL, expires_ms INTEGER NOT NULL, "
        "PRIMARY KEY (catalog_name, key)) WITHOUT ROWID");
  });
}

// Notes that have expired go whenever one is added.
Result<void> SqlCatalog::PutNote(const CatalogNote& note) {
  if (note.key.empty()) return {};
  FIRN_TRY(Statement erase, db_.Prepare("DELETE FROM firn_catalog_notes WHERE expires_ms <= ?"));
  erase.Bind(1, note.now_ms);
  FIRN_CHECK(erase.Run());
  FIRN_TRY(Statement put, db_.Prepare("INSERT OR REPLACE INTO firn_catalog_notes (catalog_name, "
                                      "key, text, expires_ms) VALUES (?, ?, ?, ?)"));
  put.Bind(1, name_).Bind(2, note.key).Bind(3, note.text).Bind(4, note.expires_ms);
  return put.Run();
}

Result<std::optional<std::string>> SqlCatalog::FindNote(const std::string& key, int64_t now_ms) {
  return Reading([&](Database& db) -> Result<std::optional<std::string>> {
    FIRN_TRY(Statement query, db.Prepare("SELECT text FROM firn_catalog_notes WHERE catalog_name = "
                                         "? AND key = ? AND expires_ms > ?"));
    query.Bind(1, name_).Bind(2, key).Bind(3, now_ms);
    FIRN_TRY(const bool row, query.Step());
    if (!row) return std::optional<std::string>();
    return std::optional(std::string(query.Text(0)));
  });
}

Result<void> SqlCatalog::PutProperty(const std::string& ns, const std::string& key,
                                     const std::string& value) {
  FIRN_TRY(Statement put,
           db_.Prepare("INSERT INTO iceberg_namespace_properties (catalog_name, namespace, "
                       "property_key, property_value) VALUES (?, ?, ?, ?) ON CONFLICT "
                       "(catalog_name, namespace, property_key) DO UPDATE SET property_value = "
                       "excluded.property_value"));
  put.Bind(1, name_).Bind(2, ns).Bind(3, key).Bind(4, value);
  return put.Run();
}

Result<bool> SqlCatalog::InsertNamespace(const std::string& ns,
                                         const NamespaceProperties& properties,
                                         const CatalogNote& note) {
  return Guarded([&]() -> Result<bool> {
    FIRN_TRY(Transaction transaction, Transaction::Begin(db_));
    FIRN_TRY(const bool there, NamespaceExists(db_, ns));
    if (there) return false;
    FIRN_CHECK(PutProperty(ns, kExists, "true"));
    for (const auto& [key, value] : properties) {
      if (key != kExists) FIRN_CHECK(PutProperty(ns, key, value));
    }
    FIRN_CHECK(PutNote(note));
    FIRN_CHECK(transaction.Commit());
    return true;
  });
}

Result<CatalogOutcome> SqlCatalog::UpdateNamespace(const std::string& ns,
                                                   const NamespaceProperties& set,
                                                   const std::vector<std::string>& removed,
                                                   const CatalogNote& note) {
  return Guarded([&]() -> Result<CatalogOutcome> {
    FIRN_TRY(Transaction transaction, Transaction::Begin(db_));
    FIRN_TRY(const bool there, NamespaceExists(db_, ns));
    if (!there) return CatalogOutcome(CatalogRefusal{CatalogRefusal::Why::kMissing});
    FIRN_CHECK(PutProperty(ns, kExists, "true"));
    for (const auto& [key, value] : set) {
      if (key != kExists) FIRN_CHECK(PutProperty(ns, key, value));
    }
    for (const std::string& key : removed) {
      if (key == kExists) continue;
      FIRN_TRY(Statement erase,
               db_.Prepare("DELETE FROM iceberg_namespace_properties WHERE catalog_name = ? AND "
                           "namespace = ? AND property_key = ?"));
      erase.Bind(1, name_).Bind(2, ns).Bind(3, key);
      FIRN_CHECK(erase.Run());
    }
    FIRN_CHECK(PutNote(note));
    FIRN_CHECK(transaction.Commit());
    return CatalogOutcome();
  });
}

Result<CatalogOutcome> SqlCatalog::DeleteNamespace(const std::string& ns, const CatalogNote& note) {
  return Guarded([&]() -> Result<CatalogOutcome> {
    FIRN_TRY(Transaction transaction, Transaction::Begin(db_));
    FIRN_TRY(const bool there, NamespaceExists(db_, ns));
    if (!there) return CatalogOutcome(CatalogRefusal{CatalogRefusal::Why::kMissing});
    FIRN_TRY(const bool below, HasAnyBelow(db_, ns));
    FIRN_TRY(Statement query, db_.Prepare("SELECT EXISTS (SELECT 1 FROM iceberg_tables WHERE "
                                          "catalog_name = ? AND table_namespace = ?)"));
    query.Bind(1, name_).Bind(2, ns);
    FIRN_CHECK(query.Step());
    if (below || query.Int(0) != 0)
      return CatalogOutcome(CatalogRefusal{CatalogRefusal::Why::kNotEmpty});
    query.Reset();
    FIRN_TRY(Statement erase,
             db_.Prepare("DELETE FROM iceberg_namespace_properties WHERE catalog_name = ? AND "
                         "namespace = ?"));
    erase.Bind(1, name_).Bind(2, ns);
    FIRN_CHECK(erase.Run());
    FIRN_CHECK(PutNote(note));
    FIRN_CHECK(transaction.Commit());
    return CatalogOutcome();
  });
}

}  // namespace firn::lake::internal
