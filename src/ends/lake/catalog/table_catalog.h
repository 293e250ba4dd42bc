// TableCatalog: what commits need of a catalog, whoever makes a commit true in it.
//
// In a catalog of locations (catalog.h) the writer writes the next metadata file and moves a row to
// it; a REST catalog (rest_catalog.h) is sent requirements and updates and writes the file itself.
// Implementations may be used from any thread and hold no lock across I/O.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/store/object_store.h"
#include "ends/lake/table.h"

namespace firn::lake {

class Catalog;

// A table as a catalog has it.
struct TableState {
  std::string metadata_location;
  std::shared_ptr<const TableMetadata> metadata;
};

struct MetadataCommit {
  const TableState& base;
  TableMetadata next;                // its log of metadata files is not pushed to yet
  std::vector<std::string> written;  // files that `next` refers to and `base` does not
};

struct CommitOutcome {
  enum class How {
    kCommitted,
    kLost,     // others were faster, or the request was refused: it will never become true
    kUnclear,  // not true as far as can be seen, but it may still become so
  };
  How how = How::kLost;
  TableState state;                 // kCommitted: the newest one that has it
  bool as_asked = true;             // kCommitted: `state` is what was asked for and nothing more
  std::vector<std::string> let_go;  // kCommitted: metadata files that no log names any more
};

class TableCatalog {
 public:
  virtual ~TableCatalog() = default;
  [[nodiscard]] virtual Result<std::vector<std::string>> Namespaces(const Call& call) = 0;
  // An existing one is fine.
  [[nodiscard]] virtual Result<void> CreateNamespace(const Call& call, const std::string& ns) = 0;
  // "": of all namespaces.
  [[nodiscard]] virtual Result<std::vector<TableIdent>> Tables(const Call& call,
                                                               const std::string& ns) = 0;
  // The newest state; `known`, when nothing changed since; nothing when there is no such table.
  // Errors: Corrupt naming the metadata file.
  [[nodiscard]] virtual Result<std::optional<TableState>> Load(const Call& call,
                                                               const TableIdent& ident,
                                                               const TableState* known) = 0;
  // `options.location` is empty: the catalog chooses. Nothing when the name is taken.
  [[nodiscard]] virtual Result<std::optional<TableState>> Create(const Call& call,
                                                                 const TableIdent& ident,
                                                                 const record::Schema& schema,
                                                                 NewTableOptions options) = 0;
  // False when there was none. Files stay.
  [[nodiscard]] virtual Result<bool> Drop(const Call& call, const TableIdent& ident) = 0;
  // Makes `commit.next` the newest state, durably, with the names of its files. Errors: before
  // anything became true; CommitUnknown (LAKE-COMMIT-002) when it could not be found out.
  [[nodiscard]] virtual Result<CommitOutcome> Commit(const Call& call, const TableIdent& ident,
                                                     MetadataCommit commit) = 0;
};

[[nodiscard]] Error NoSuchTable(const TableIdent& ident);
[[nodiscard]] Error UnknownCommit(const TableIdent& ident, const Error& cause);

struct LocationCatalogParts {
  std::string root;  // absolute path or `s3://..`: where new tables go
  std::unique_ptr<Catalog> catalog;
  std::shared_ptr<ObjectStore> store;
};
[[nodiscard]] std::unique_ptr<TableCatalog> NewLocationCatalog(LocationCatalogParts parts);

}  // namespace firn::lake
