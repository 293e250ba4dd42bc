// The embedded catalog's rows as a whole, and the tables that clients are making (`stage-create`).
#include <algorithm>

#include "ends/lake/internal/sql_catalog.h"

namespace firn::lake::internal {
namespace {

// Of staged tables that are kept: past it the oldest go.
constexpr int64_t kStagedMax = 10'000;
// No URI of a store holds it.
constexpr char kPlaceSeparator = '\n';

std::string Joined(const std::vector<std::string>& places) {
  std::string out;
  for (const std::string& place : places)
    out += (out.empty() ? "" : std::string(1, kPlaceSeparator)) + place;
  return out;
}

std::vector<std::string> Split(std::string_view text) {
  std::vector<std::string> places;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(kPlaceSeparator, at), text.size());
    places.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return places;
}

}  // namespace

Result<std::vector<ServedCatalog::TableRow>> SqlCatalog::TableRows() {
  return Reading([&](Database& db) -> Result<std::vector<TableRow>> {
    FIRN_TRY(Statement query,
             db.Prepare("SELECT table_namespace, table_name, metadata_location FROM iceberg_tables "
                        "WHERE catalog_name = ? AND ifnull(iceberg_type, 'TABLE') = 'TABLE' "
                        "ORDER BY 1, 2"));
    query.Bind(1, name_);
    std::vector<TableRow> out;
    for (;;) {
      FIRN_TRY(const bool row, query.Step());
      if (!row) return out;
      out.push_back(
          {{std::string(query.Text(0)), std::string(query.Text(1))}, std::string(query.Text(2))});
    }
  });
}

// The reader's own connection changes nothing, so that whatever changes is seen by it.
// Source: SQLite, "PRAGMA data_version", read 2026-11.
Result<int64_t> SqlCatalog::Version() {
  FIRN_ASSERT(reader_.has_value());
  return Reading([](Database& db) -> Result<int64_t> {
    FIRN_TRY(Statement query, db.Prepare("PRAGMA data_version"));
    FIRN_CHECK(query.Step());
    return query.Int(0);
  });
}

Result<void> SqlCatalog::PrepareStaged() {
  keeps_staged_ = true;
  return Guarded([this]() -> Result<void> {
    return db_.Execute(
        "CREATE TABLE IF NOT EXISTS firn_staged_tables (catalog_name TEXT NOT NULL, "
        "table_namespace TEXT NOT NULL, table_name TEXT NOT NULL, places TEXT NOT NULL, "
        "expires_ms INTEGER NOT NULL, PRIMARY KEY (catalog_name, table_namespace, table_name, "
        "places)) WITHOUT ROWID");
  });
}

Result<void> SqlCatalog::KeepStaged(const StagedTable& staged, int64_t now_ms) {
  return Guarded([&]() -> Result<void> {
    FIRN_TRY(Transaction transaction, Transaction::Begin(db_));
    FIRN_TRY(Statement put,
             db_.Prepare("INSERT OR REPLACE INTO firn_staged_tables (catalog_name, "
                         "table_namespace, table_name, places, expires_ms) VALUES (?, ?, ?, ?, "
                         "?)"));
    put.Bind(1, name_).Bind(2, staged.ident.ns).Bind(3, staged.ident.name);
    put.Bind(4, Joined(staged.places)).Bind(5, staged.expires_ms);
    FIRN_CHECK(put.Run());
    FIRN_TRY(Statement erase,
             db_.Prepare("DELETE FROM firn_staged_tables WHERE expires_ms <= ?1 OR expires_ms <= "
                         "(SELECT expires_ms FROM firn_staged_tables ORDER BY expires_ms DESC "
                         "LIMIT 1 OFFSET ?2)"));
    erase.Bind(1, now_ms).Bind(2, kStagedMax);
    FIRN_CHECK(erase.Run());
    return transaction.Commit();
  });
}

Result<std::vector<StagedTable>> SqlCatalog::Staged(const std::optional<TableIdent>& ident,
                                                    int64_t now_ms) {
  return Reading([&](Database& db) -> Result<std::vector<StagedTable>> {
    FIRN_TRY(Statement query,
             db.Prepare(std::string("SELECT table_namespace, table_name, places, expires_ms FROM "
                                    "firn_staged_tables WHERE catalog_name = ? AND expires_ms > "
                                    "?") +
                        (ident ? " AND table_namespace = ? AND table_name = ?" : "")));
    query.Bind(1, name_).Bind(2, now_ms);
    if (ident) query.Bind(3, ident->ns).Bind(4, ident->name);
    std::vector<StagedTable> out;
    for (;;) {
      FIRN_TRY(const bool row, query.Step());
      if (!row) return out;
      out.push_back({{std::string(query.Text(0)), std::string(query.Text(1))},
                     Split(query.Text(2)),
                     query.Int(3)});
    }
  });
}

Result<void> SqlCatalog::ForgetStaged(const TableIdent& ident) {
  if (!keeps_staged_) return {};
  FIRN_TRY(Statement erase, db_.Prepare("DELETE FROM firn_staged_tables WHERE catalog_name = ? AND "
                                        "table_namespace = ? AND table_name = ?"));
  erase.Bind(1, name_).Bind(2, ident.ns).Bind(3, ident.name);
  return erase.Run();
}

}  // namespace firn::lake::internal
