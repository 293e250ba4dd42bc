#include "ends/lake/internal/sql_catalog.h"

#include "core/base/file.h"

namespace firn::lake {
namespace internal {
namespace {

// Column for column what JdbcUtil (V1) and PyIceberg create; changing it locks them out.
constexpr const char* kTables = R"(
CREATE TABLE IF NOT EXISTS iceberg_tables (
  catalog_name VARCHAR(255) NOT NULL,
  table_namespace VARCHAR(255) NOT NULL,
  table_name VARCHAR(255) NOT NULL,
  metadata_location VARCHAR(1000),
  previous_metadata_location VARCHAR(1000),
  iceberg_type VARCHAR(5),
  PRIMARY KEY (catalog_name, table_namespace, table_name)
);
CREATE TABLE IF NOT EXISTS iceberg_namespace_properties (
  catalog_name VARCHAR(255) NOT NULL,
  namespace VARCHAR(255) NOT NULL,
  property_key VARCHAR(255) NOT NULL,
  property_value VARCHAR(1000),
  PRIMARY KEY (catalog_name, namespace, property_key)
);
)";

constexpr const char* kIsTable = " AND (iceberg_type = 'TABLE' OR iceberg_type IS NULL)";
// The property by which both other catalogs mark a namespace without properties.
constexpr std::string_view kExists = "exists";

}  // namespace

Error TranslatedSqlError(Error error, const std::string& path) {
  if (error.code() == "BASE-SQL-003")
    return Error(Kind::kConflict, "LAKE-CATALOG-001", "the catalog `" + path + "` stays locked")
        .At(path)
        .Because("another process has held it longer than the time-out")
        .RetryWithBackoff()
        .Hint("wait for the other process, or see who it is with `fuser " + path + "`");
  if (error.kind() == Kind::kCorrupt)
    return Error(Kind::kCorrupt, "LAKE-CATALOG-002", "the catalog `" + path + "` is damaged")
        .At(path)
        .Because(error.why())
        .Hint("restore it from a backup; the tables' files are not touched by this");
  return error;
}

Result<void> SqlCatalog::Prepare() {
  return Guarded([this]() -> Result<void> {
    FIRN_CHECK(db_.Execute(kTables));
    // A file made by schema V0 lacks the column; Java adds it in the same way.
    if (db_.Prepare("SELECT iceberg_type FROM iceberg_tables LIMIT 0")) return {};
    return db_.Execute("ALTER TABLE iceberg_tables ADD COLUMN iceberg_type VARCHAR(5)");
  });
}

Result<std::vector<std::string>> SqlCatalog::Namespaces() {
  return Reading([this](Database& db) -> Result<std::vector<std::string>> {
    FIRN_TRY(Statement query,
             db.Prepare("SELECT namespace FROM iceberg_namespace_properties WHERE "
                        "catalog_name = ?1 UNION SELECT table_namespace FROM iceberg_tables "
                        "WHERE catalog_name = ?1 ORDER BY 1"));
    query.Bind(1, name_);
    std::vector<std::string> out;
    for (;;) {
      FIRN_TRY(const bool row, query.Step());
      if (!row) return out;
      out.emplace_back(query.Text(0));
    }
  });
}

Result<void> SqlCatalog::CreateNamespace(const std::string& ns) {
  return Guarded([&]() -> Result<void> {
    FIRN_TRY(Statement insert,
             db_.Prepare("INSERT INTO iceberg_namespace_properties (catalog_name, namespace, "
                         "property_key, property_value) VALUES (?, ?, ?, 'true') "
                         "ON CONFLICT DO NOTHING"));
    insert.Bind(1, name_).Bind(2, ns).Bind(3, kExists);
    return insert.Run();
  });
}

Result<std::vector<TableIdent>> SqlCatalog::Tables(const std::string& ns) {
  return Guarded([&]() -> Result<std::vector<TableIdent>> {
    FIRN_TRY(Statement query,
             db_.Prepare(std::string("SELECT table_namespace, table_name FROM iceberg_tables "
                                     "WHERE catalog_name = ?1 AND (?2 = '' OR "
                                     "table_namespace = ?2)") +
                         kIsTable + " ORDER BY 1, 2"));
    query.Bind(1, name_).Bind(2, ns);
    std::vector<TableIdent> out;
    for (;;) {
      FIRN_TRY(const bool row, query.Step());
      if (!row) return out;
      out.push_back({std::string(query.Text(0)), std::string(query.Text(1))});
    }
  });
}

Result<std::optional<CatalogEntry>> SqlCatalog::Find(const TableIdent& ident) {
  return Guarded([&]() -> Result<std::optional<CatalogEntry>> {
    FIRN_TRY(Statement query,
             db_.Prepare(std::string("SELECT metadata_location, previous_metadata_location FROM "
                                     "iceberg_tables WHERE catalog_name = ? AND "
                                     "table_namespace = ? AND table_name = ?") +
                         kIsTable));
    query.Bind(1, name_).Bind(2, ident.ns).Bind(3, ident.name);
    FIRN_TRY(const bool row, query.Step());
    if (!row) return std::optional<CatalogEntry>();
    return std::optional<CatalogEntry>(
        CatalogEntry{std::string(query.Text(0)), std::string(query.Text(1))});
  });
}

Result<bool> SqlCatalog::Insert(const TableIdent& ident, const std::string& metadata_location) {
  return Guarded([&]() -> Result<bool> {
    FIRN_TRY(Statement insert,
             db_.Prepare("INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, "
                         "metadata_location, iceberg_type) VALUES (?, ?, ?, ?, 'TABLE') "
                         "ON CONFLICT DO NOTHING"));
    insert.Bind(1, name_).Bind(2, ident.ns).Bind(3, ident.name).Bind(4, metadata_location);
    FIRN_CHECK(insert.Run());
    return db_.RowsChanged() == 1;
  });
}

Result<bool> SqlCatalog::Swap(const TableIdent& ident, const CatalogSwap& swap) {
  auto swapped = Guarded([&]() -> Result<bool> {
    FIRN_TRY(Statement update,
             db_.Prepare(std::string("UPDATE iceberg_tables SET metadata_location = ?1, "
                                     "previous_metadata_location = ?2 WHERE catalog_name = ?3 "
                                     "AND table_namespace = ?4 AND table_name = ?5 AND "
                                     "metadata_location = ?2") +
                         kIsTable));
    update.Bind(1, swap.next).Bind(2, swap.expected).Bind(3, name_);
    update.Bind(4, ident.ns).Bind(5, ident.name);
    FIRN_CHECK(update.Run());
    return db_.RowsChanged() == 1;
  });
  if (!swapped && swapped.error().kind() == Kind::kCorrupt)
    return Fail(Unknown("the commit to `" + ident.Text() + "`", swapped.error()));
  return swapped;
}

Result<bool> SqlCatalog::Delete(const TableIdent& ident) {
  return Guarded([&]() -> Result<bool> {
    FIRN_TRY(Statement erase,
             db_.Prepare(std::string("DELETE FROM iceberg_tables WHERE catalog_name = ? AND "
                                     "table_namespace = ? AND table_name = ?") +
                         kIsTable));
    erase.Bind(1, name_).Bind(2, ident.ns).Bind(3, ident.name);
    FIRN_CHECK(erase.Run());
    return db_.RowsChanged() == 1;
  });
}

}  // namespace internal

Result<std::unique_ptr<ServedCatalog>> OpenSqlCatalog(const SqlCatalogOptions& options) {
  if (!options.create && !FileExists(options.path))
    return Fail(
        Error(Kind::kNotFound, "LAKE-CATALOG-003", "there is no catalog at `" + options.path + "`")
            .At(options.path)
            .Hint("check the warehouse folder; `firn export run` and `firn lake import` "
                  "make a catalog"));
  Database::Options database;
  database.create = options.create;
  database.busy_timeout_ms = options.busy_timeout_ms;
  auto opened = Database::Open(options.path, database);
  if (!opened) return Fail(internal::TranslatedSqlError(std::move(opened).error(), options.path));
  auto catalog =
      std::make_unique<internal::SqlCatalog>(*std::move(opened), options.name, options.path);
  FIRN_CHECK(catalog->Prepare());
  if (options.implicit_namespaces) catalog->AllowImplicitNamespaces();
  if (options.serving) {
    FIRN_CHECK(catalog->PrepareNotes());
    FIRN_CHECK(catalog->PrepareStaged());
    database.read_only = true;
    database.create = false;
    auto reader = Database::Open(options.path, database);
    if (!reader) return Fail(internal::TranslatedSqlError(std::move(reader).error(), options.path));
    catalog->ReadThrough(*std::move(reader));
  }
  return std::unique_ptr<ServedCatalog>(std::move(catalog));
}

}  // namespace firn::lake
