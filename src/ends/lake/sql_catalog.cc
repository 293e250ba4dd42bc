#include <mutex>
#include <set>

#include "core/base/file.h"
#include "core/base/sqlite.h"
#include "ends/lake/catalog.h"

namespace firn::lake {
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
constexpr const char* kExists = "exists";

Error Translated(Error error, const std::string& path) {
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

class SqlCatalog final : public Catalog {
 public:
  SqlCatalog(Database db, std::string name, std::string path)
      : db_(std::move(db)), name_(std::move(name)), path_(std::move(path)) {}

  Result<void> Prepare() {
    return Guarded([this]() -> Result<void> {
      FIRN_CHECK(db_.Execute(kTables));
      // A file made by schema V0 lacks the column; Java adds it in the same way.
      if (db_.Prepare("SELECT iceberg_type FROM iceberg_tables LIMIT 0")) return {};
      return db_.Execute("ALTER TABLE iceberg_tables ADD COLUMN iceberg_type VARCHAR(5)");
    });
  }

  Result<std::vector<std::string>> Namespaces() override {
    return Guarded([this]() -> Result<std::vector<std::string>> {
      FIRN_TRY(Statement query,
               db_.Prepare("SELECT namespace FROM iceberg_namespace_properties WHERE "
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

  Result<void> CreateNamespace(const std::string& ns) override {
    return Guarded([&]() -> Result<void> {
      FIRN_TRY(Statement insert,
               db_.Prepare("INSERT INTO iceberg_namespace_properties (catalog_name, namespace, "
                           "property_key, property_value) VALUES (?, ?, ?, 'true') "
                           "ON CONFLICT DO NOTHING"));
      insert.Bind(1, name_).Bind(2, ns).Bind(3, std::string_view(kExists));
      return insert.Run();
    });
  }

  Result<std::vector<TableIdent>> Tables(const std::string& ns) override {
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

  Result<std::optional<CatalogEntry>> Find(const TableIdent& ident) override {
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

  Result<bool> Insert(const TableIdent& ident, const std::string& metadata_location) override {
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

  Result<bool> Swap(const TableIdent& ident, const CatalogSwap& swap) override {
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
    // An I/O error may come after the log was written: nobody knows which of the two it was.
    if (!swapped && swapped.error().kind() == Kind::kCorrupt)
      return Fail(Error(Kind::kCommitUnknown, "LAKE-COMMIT-002",
                        "it is not known whether the commit to `" + ident.Text() + "` took effect")
                      .At(path_)
                      .Because(swapped.error().why()));
    return swapped;
  }

  Result<bool> Delete(const TableIdent& ident) override {
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

 private:
  template <typename Work>
  auto Guarded(Work work) -> decltype(work()) {
    const std::lock_guard lock(mutex_);
    auto result = work();
    if (!result) return Fail(Translated(std::move(result).error(), path_));
    return result;
  }

  std::mutex mutex_;
  Database db_;
  std::string name_;
  std::string path_;
};

}  // namespace

Result<std::unique_ptr<Catalog>> OpenSqlCatalog(const SqlCatalogOptions& options) {
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
  if (!opened) return Fail(Translated(std::move(opened).error(), options.path));
  auto catalog = std::make_unique<SqlCatalog>(*std::move(opened), options.name, options.path);
  FIRN_CHECK(catalog->Prepare());
  return std::unique_ptr<Catalog>(std::move(catalog));
}

}  // namespace firn::lake
