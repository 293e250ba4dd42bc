// Catalog: which metadata file is a table's newest one. The only place where a commit becomes true.
//
// SqlCatalog is the embedded one: a SQLite file with the tables that PyIceberg's SqlCatalog and
// Java's JdbcCatalog (schema V1) use, open to several processes. Thread-safe: one connection behind
// a mutex, held for single statements. Never reads or writes a table's files. Sources:
// apache/iceberg JdbcUtil and apache/iceberg-python pyiceberg/catalog/sql.py, read 2026-11.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "ends/lake/table.h"

namespace firn::lake {

struct CatalogEntry {
  std::string metadata_location;
  std::string previous_metadata_location;  // empty: none
};

// A change of a table's metadata location, true only if it still is at `expected`.
struct CatalogSwap {
  std::string expected;
  std::string next;
};

// Errors of every call: Conflict (LAKE-CATALOG-001) when another process keeps it locked past the
// time-out, Corrupt (LAKE-CATALOG-002), LimitReached when the disk is full.
class Catalog {
 public:
  virtual ~Catalog() = default;
  [[nodiscard]] virtual Result<std::vector<std::string>> Namespaces() = 0;
  [[nodiscard]] virtual Result<void> CreateNamespace(const std::string& ns) = 0;  // existing: fine
  [[nodiscard]] virtual Result<std::vector<TableIdent>> Tables(const std::string& ns) = 0;
  // Nothing when there is no such table.
  [[nodiscard]] virtual Result<std::optional<CatalogEntry>> Find(const TableIdent& ident) = 0;
  // False when the name is taken.
  [[nodiscard]] virtual Result<bool> Insert(const TableIdent& ident,
                                            const std::string& metadata_location) = 0;
  // False when the table is not at `swap.expected` any more. Errors: also CommitUnknown
  // (LAKE-COMMIT-002) when it may have taken effect though no answer came: look before trying
  // again.
  [[nodiscard]] virtual Result<bool> Swap(const TableIdent& ident, const CatalogSwap& swap) = 0;
  // False when there was none.
  [[nodiscard]] virtual Result<bool> Delete(const TableIdent& ident) = 0;
};

struct SqlCatalogOptions {
  std::string path;
  std::string name = "firn";
  bool create = true;
  int busy_timeout_ms = 5000;
};
// Errors: NotFound (LAKE-CATALOG-003) when it is missing and not to be made; Unsupported on a
// network file system; as above.
[[nodiscard]] Result<std::unique_ptr<Catalog>> OpenSqlCatalog(const SqlCatalogOptions& options);

}  // namespace firn::lake
