// Committer: turns a change of a table into its next metadata, optimistically.
//
// A commit writes manifests and a manifest list under names of their own; the catalog makes the
// metadata that refers to them the newest, or says that somebody else's commit came in between: the
// change is then worked out again on the newest metadata. When the catalog's answer is lost, the
// table is read again before anything else is tried. Parsed metadata and the current manifest list
// stay in memory, so that an append reads nothing that was not changed by others. Files of
// snapshots that a commit lets go are removed some time after, when no reader should be at them any
// more; what is still waiting when the process ends is an orphan. Thread-safe; no lock is held
// across I/O.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ends/lake/catalog/table_catalog.h"
#include "ends/lake/commit/entry_cache.h"
#include "ends/lake/format/manifest.h"
#include "ends/lake/maintain/expiry.h"
#include "ends/lake/store/object_store.h"
#include "ends/lake/table.h"

namespace firn::lake {

using Manifests = std::shared_ptr<const std::vector<ManifestFile>>;

// The table a change starts from.
struct CommitBase {
  TableIdent ident;
  std::shared_ptr<const TableMetadata> metadata;
  std::string metadata_location;
  Manifests manifests;  // of the current snapshot; never nullptr
  EntryCache* entries = nullptr;
};

// What a change makes of it.
struct CommitDraft {
  TableMetadata metadata;
  Manifests manifests;               // nullptr: as before
  std::vector<std::string> written;  // files of this attempt; removed when it does not become true
  std::vector<std::string> superseded;  // removed once it became true
  Snapshots expired;                    // let go by `metadata`
  bool main_moved = false;              // to a snapshot whose manifests are not at hand
  bool unchanged = false;               // there is nothing to commit
};

class Committer {
 public:
  using Change = std::function<Result<CommitDraft>(const Call& call, const CommitBase& base)>;

  Committer(TableCatalog& catalog, std::shared_ptr<ObjectStore> store)
      : catalog_(catalog), store_(std::move(store)) {}

  // The newest state. Errors: NotFound (LAKE-TABLE-001), Corrupt naming the metadata file.
  [[nodiscard]] Result<CommitBase> Load(const Call& call, const TableIdent& ident);
  // The same without the manifests.
  [[nodiscard]] Result<Table> LoadTable(const Call& call, const TableIdent& ident);
  // Errors: table.h, "The commits below".
  [[nodiscard]] Result<Table> Commit(const Call& call, const TableIdent& ident,
                                     const Change& change);
  void Forget(const TableIdent& ident);

 private:
  struct Known {
    TableState state;
    Manifests manifests;
  };

  Result<Known> Current(const Call& call, const TableIdent& ident);
  Table Committed(const Call& call, const TableIdent& ident, const CommitBase& base,
                  CommitDraft draft, CommitOutcome outcome);
  void CleanUp(const Call& call, const TableMetadata& metadata, const CommitDraft& draft);
  void RemoveQuietly(const Call& call, const std::vector<std::string>& uris);
  void Remember(const TableIdent& ident, Known known);

  TableCatalog& catalog_;
  std::shared_ptr<ObjectStore> store_;
  EntryCache entries_;
  std::mutex mutex_;
  std::map<TableIdent, Known> known_;
  std::multimap<int64_t, std::string> unused_;  // files by when they may be removed, milliseconds
};

}  // namespace firn::lake
