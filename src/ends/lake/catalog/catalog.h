// Catalog: which metadata file is a table's newest one. The only place where a commit becomes true.
//
// SqlCatalog is the embedded one: a SQLite file with the tables that PyIceberg's SqlCatalog and
// Java's JdbcCatalog (schema V1) use, open to several processes. Thread-safe: one connection behind
// a mutex, held for single statements. Never reads or writes a table's files. Sources:
// apache/iceberg JdbcUtil and apache/iceberg-python pyiceberg/catalog/sql.py, read 2026-11.
#pragma once

#include <map>
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

enum class EntryKind { kTable, kView };

// A table's or view's row as it should become.
struct CatalogStep {
  TableIdent ident;
  EntryKind kind = EntryKind::kTable;
  std::optional<std::string> expected;  // where it must be now; nothing: the name must be free
  std::string next;
};

// Why a change did not happen.
struct CatalogRefusal {
  enum class Why { kNoNamespace, kNotEmpty, kTakenByTable, kTakenByView, kMissing, kMoved };
  Why why = Why::kMissing;
  size_t step = 0;  // of Apply
};
// A note that is kept with a change and becomes true with it: how a server knows, after it was
// killed, that a change it is asked for again was made.
struct CatalogNote {
  std::string key;  // empty: none
  std::string text;
  int64_t now_ms = 0;
  int64_t expires_ms = 0;
  bool with_location = false;  // of a delete: a line feed and where the entry was follow the text
};
// A table that a client is making (`stage-create`): it has files, and no row yet.
struct StagedTable {
  TableIdent ident;
  std::vector<std::string> places;  // URIs of the folders that its files lie in
  int64_t expires_ms = 0;
};
// Nothing: it happened.
using CatalogOutcome = std::optional<CatalogRefusal>;
using NamespaceProperties = std::map<std::string, std::string>;

// What a catalog server needs beyond single tables: views, namespaces with properties, and changes
// of several entries that become true together. A namespace is there when it has a row, an entry,
// or a namespace below it. Names are whatever text the caller chose; `.` separates levels.
class ServedCatalog : public Catalog {
 public:
  [[nodiscard]] virtual Result<std::vector<std::string>> Entries(const std::string& ns,
                                                                 EntryKind kind) = 0;
  [[nodiscard]] virtual Result<std::optional<CatalogEntry>> FindEntry(const TableIdent& ident,
                                                                      EntryKind kind) = 0;
  // All steps, or none. Refused by: kNoNamespace, kTaken*, kMissing, kMoved. Errors: also
  // CommitUnknown, as Swap.
  [[nodiscard]] virtual Result<CatalogOutcome> Apply(const std::vector<CatalogStep>& steps,
                                                     const CatalogNote& note) = 0;
  // Where it was; nothing when there was none.
  [[nodiscard]] virtual Result<std::optional<std::string>> DeleteEntry(const TableIdent& ident,
                                                                       EntryKind kind,
                                                                       const CatalogNote& note) = 0;
  struct Renaming {
    TableIdent from;
    TableIdent to;
    EntryKind kind = EntryKind::kTable;
  };
  // Refused by: kMissing, kNoNamespace, kTaken*.
  [[nodiscard]] virtual Result<CatalogOutcome> Rename(const Renaming& renaming,
                                                      const CatalogNote& note) = 0;

  // Nothing when there is no such namespace.
  [[nodiscard]] virtual Result<std::optional<NamespaceProperties>> FindNamespace(
      const std::string& ns) = 0;
  // False when it is there.
  [[nodiscard]] virtual Result<bool> InsertNamespace(const std::string& ns,
                                                     const NamespaceProperties& properties,
                                                     const CatalogNote& note) = 0;
  // Refused by: kMissing.
  [[nodiscard]] virtual Result<CatalogOutcome> UpdateNamespace(
      const std::string& ns, const NamespaceProperties& set,
      const std::vector<std::string>& removed, const CatalogNote& note) = 0;
  // Refused by: kMissing, kNotEmpty.
  [[nodiscard]] virtual Result<CatalogOutcome> DeleteNamespace(const std::string& ns,
                                                               const CatalogNote& note) = 0;
  // The text of a note that has not expired; nothing when there is none.
  [[nodiscard]] virtual Result<std::optional<std::string>> FindNote(const std::string& key,
                                                                    int64_t now_ms) = 0;

  struct TableRow {
    TableIdent ident;
    std::string metadata_location;
  };
  [[nodiscard]] virtual Result<std::vector<TableRow>> TableRows() = 0;
  // Another number after every change, whoever made it; of a catalog that is served.
  [[nodiscard]] virtual Result<int64_t> Version() = 0;

  // Staged tables are kept past a restart until they expire or their name is given to a table; past
  // a limit the oldest go early. One name may be staged several times, in different places.
  [[nodiscard]] virtual Result<void> KeepStaged(const StagedTable& staged, int64_t now_ms) = 0;
  // Of that name; of all names when it is not given.
  [[nodiscard]] virtual Result<std::vector<StagedTable>> Staged(
      const std::optional<TableIdent>& ident, int64_t now_ms) = 0;
};

struct SqlCatalogOptions {
  std::string path;
  std::string name = "firn";
  bool create = true;
  int busy_timeout_ms = 5000;
  bool serving = false;  // keeps notes and staged tables, and reads do not wait for writes
  // An entry may be made in a namespace that is not there, which then is, as long as the entry.
  bool implicit_namespaces = false;
};
// Errors: NotFound (LAKE-CATALOG-003) when it is missing and not to be made; Unsupported on a
// network file system; as above.
[[nodiscard]] Result<std::unique_ptr<ServedCatalog>> OpenSqlCatalog(
    const SqlCatalogOptions& options);

}  // namespace firn::lake
