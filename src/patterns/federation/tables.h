// Tables: what the catalog server does with tables, apart from HTTP.
//
// Parsed metadata and its JSON stay in memory and are checked against the catalog's row at every
// call, so that commits of other processes (Firn's merges, engines on the SQL catalog) are seen at
// once. A commit checks the client's requirements, applies its updates, writes a metadata file,
// syncs it, and then moves the catalog's row; one that lost is worked out again on the newest state
// unless a requirement fails there. Thread-safe. Errors: refusals.h, locations.h, LAKE-UPDATE-001
// and -002, CommitUnknown (LAKE-COMMIT-002).
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "ends/lake/catalog/catalog.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/store/object_store.h"
#include "ends/lake/updates/table_updates.h"
#include "patterns/federation/free_names.h"
#include "patterns/federation/locations.h"
#include "patterns/federation/names.h"
#include "patterns/federation/storage/table_places.h"
#include "patterns/federation/turns.h"

namespace firn::federation {

struct LoadedTable {
  std::shared_ptr<const lake::TableMetadata> metadata;
  std::string location;                     // of its metadata file; empty: staged only
  std::shared_ptr<const std::string> json;  // the metadata
};

struct CreateTableRequest {
  EntryName name;
  lake::TableRequest table;   // without uuid and time; an empty location is the server's choice
  bool any_location = false;  // the caller may choose one
  lake::CatalogNote note;
};

struct TableChange {
  EntryName name;
  std::string requirements_json;
  std::string updates_json;
  bool any_location = false;
};

struct RegisterRequest {
  EntryName name;
  std::string metadata_location;
  bool overwrite = false;
  lake::CatalogNote note;
};

class Tables {
 public:
  // `places`: of a warehouse on S3; else nullptr.
  Tables(lake::ServedCatalog& catalog, std::shared_ptr<lake::ObjectStore> store,
         const Locations& locations, const FreeNames& names, TablePlaces* places)
      : catalog_(catalog),
        store_(std::move(store)),
        locations_(locations),
        names_(names),
        places_(places) {}

  [[nodiscard]] Result<LoadedTable> Load(const Call& call, const EntryName& name);
  // A table's state as that metadata file has it, whatever the catalog says.
  [[nodiscard]] Result<LoadedTable> ReadFile(const Call& call, const std::string& location);
  [[nodiscard]] Result<bool> Exists(const EntryName& name);
  [[nodiscard]] Result<LoadedTable> Create(const Call& call, const CreateTableRequest& request);
  // The metadata that Create would write. On S3 the table's places are kept for its name; nothing
  // else is.
  [[nodiscard]] Result<LoadedTable> Stage(const Call& call, const CreateTableRequest& request);
  // Where the table lies now, by what is in memory or else its file, which is not kept there.
  // Errors: NotFound when there is no such table; those of PlacesOf.
  [[nodiscard]] Result<std::vector<S3Place>> Places(const Call& call,
                                                    const lake::TableIdent& ident);
  [[nodiscard]] Result<LoadedTable> Commit(const Call& call, const TableChange& change,
                                           const lake::CatalogNote& note);
  // All or none.
  [[nodiscard]] Result<void> CommitAll(const Call& call, const std::vector<TableChange>& changes,
                                       const lake::CatalogNote& note);
  [[nodiscard]] Result<LoadedTable> Register(const Call& call, const RegisterRequest& request);
  struct DropOptions {
    bool purge = false;  // remove the files too
    lake::CatalogNote note;
  };
  [[nodiscard]] Result<void> Drop(const Call& call, const EntryName& name,
                                  const DropOptions& options);
  // Takes the table out of the catalog and leaves its files; the state it was in last.
  [[nodiscard]] Result<LoadedTable> Unregister(const Call& call, const EntryName& name,
                                               const lake::CatalogNote& note);

 private:
  // A change worked out on the newest state, its metadata file written and not yet synced.
  struct Draft {
    LoadedTable table;
    lake::CatalogStep step;
    std::vector<std::string> dropped;  // metadata files that fell out of the log
    bool unchanged = false;
  };
  Result<std::optional<LoadedTable>> Find(const Call& call, const lake::TableIdent& ident);
  std::optional<LoadedTable> InMemory(const lake::TableIdent& ident, const std::string& location);
  Result<LoadedTable> FirstState(const Call& call, const CreateTableRequest& request);
  Result<lake::TableMetadata> FirstMetadata(const Call& call, const CreateTableRequest& request);
  Result<std::string> ChosenLocation(const Call& call, const CreateTableRequest& request);
  Result<std::string> FreeLocation(const Call& call, const EntryName& name);
  Result<void> CheckApart(const Call& call, const TablePlaces::Wanted& wanted);
  Result<Draft> Prepare(const Call& call, const TableChange& change);
  Result<Draft> PrepareNew(const Call& call, const TableChange& change);
  Result<Draft> PrepareNext(const Call& call, const TableChange& change, const LoadedTable& base);
  Result<void> CheckLocations(const Call& call, const TableChange& change,
                              const lake::TableMetadata* base, const lake::TableMetadata& next);
  Result<void> Write(const Call& call, Draft& draft, int version);
  // Empty: all became true. Else which of them lost and may be tried again.
  Result<lake::CatalogOutcome> MakeTrue(const Call& call, std::vector<Draft>& drafts,
                                        const lake::CatalogNote& note);
  Result<lake::CatalogOutcome> FindOut(const Call& call,
                                       const std::vector<lake::CatalogStep>& steps, Error unknown);
  Result<std::vector<Draft>> CommitDrafts(const Call& call, const std::vector<TableChange>& changes,
                                          const lake::CatalogNote& note);
  void Finish(const Call& call, const std::vector<Draft>& drafts);
  void Discard(const Call& call, const std::vector<Draft>& drafts);
  void Remember(const lake::TableIdent& ident, const LoadedTable& table);
  void Forget(const lake::TableIdent& ident);

  lake::ServedCatalog& catalog_;
  std::shared_ptr<lake::ObjectStore> store_;
  const Locations& locations_;
  const FreeNames& names_;
  TablePlaces* places_;
  Turns turns_;
  std::mutex mutex_;
  std::map<lake::TableIdent, LoadedTable> known_;
  size_t known_bytes_ = 0;
};

}  // namespace firn::federation
