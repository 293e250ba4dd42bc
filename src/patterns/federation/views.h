// Views: what the catalog server does with views, apart from HTTP. A view is a row of type VIEW in
// the SQL catalog and a metadata file beside those of tables. Thread-safe. Errors: refusals.h,
// locations.h, CAT-VIEW-003, CommitUnknown (LAKE-COMMIT-002).
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/base/call.h"
#include "ends/lake/catalog/catalog.h"
#include "ends/lake/store/object_store.h"
#include "patterns/federation/free_names.h"
#include "patterns/federation/locations.h"
#include "patterns/federation/names.h"
#include "patterns/federation/turns.h"

namespace firn::federation {

struct LoadedView {
  std::string location;  // of its metadata file
  std::shared_ptr<const nlohmann::ordered_json> metadata;
};

struct ViewChange {
  EntryName name;
  const nlohmann::ordered_json* requirements = nullptr;  // nullptr: none
  const nlohmann::ordered_json* updates = nullptr;
  bool any_location = false;
  lake::CatalogNote note;
};

class Views {
 public:
  Views(lake::ServedCatalog& catalog, std::shared_ptr<lake::ObjectStore> store,
        const Locations& locations, const FreeNames& names)
      : catalog_(catalog), store_(std::move(store)), locations_(locations), names_(names) {}

  [[nodiscard]] Result<LoadedView> Load(const Call& call, const EntryName& name);
  [[nodiscard]] Result<bool> Exists(const EntryName& name);
  struct Options {
    bool any_location = false;  // the caller may choose where it lies
    lake::CatalogNote note;
  };
  // `request`: a CreateViewRequest.
  [[nodiscard]] Result<LoadedView> Create(const Call& call, const EntryName& name,
                                          const nlohmann::ordered_json& request,
                                          const Options& options);
  [[nodiscard]] Result<LoadedView> Commit(const Call& call, const ViewChange& change);
  [[nodiscard]] Result<LoadedView> Register(const Call& call, const EntryName& name,
                                            const std::string& metadata_location,
                                            const Options& options);
  [[nodiscard]] Result<void> Drop(const EntryName& name, const Options& options);

 private:
  Result<LoadedView> Read(const Call& call, const std::string& location);
  Result<LoadedView> Write(const Call& call, nlohmann::ordered_json metadata, int version);
  // Moves the row; removes the file when it lost.
  Result<lake::CatalogOutcome> MakeTrue(const Call& call, const lake::CatalogStep& step,
                                        const lake::CatalogNote& note);
  // `base`: nullptr for a new view.
  Result<void> CheckLocations(const EntryName& name, const nlohmann::ordered_json* base,
                              const nlohmann::ordered_json& next, bool any_location) const;

  lake::ServedCatalog& catalog_;
  std::shared_ptr<lake::ObjectStore> store_;
  const Locations& locations_;
  const FreeNames& names_;
  Turns turns_;
};

}  // namespace firn::federation
