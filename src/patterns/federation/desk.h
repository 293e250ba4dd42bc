// Desk: what the calls of the catalog server work with. Owned by the server; any thread.
#pragma once

#include <atomic>
#include <memory>

#include "core/base/metrics.h"
#include "ends/lake/catalog/catalog.h"
#include "patterns/federation/free_names.h"
#include "patterns/federation/locations.h"
#include "patterns/federation/planning/plans.h"
#include "patterns/federation/storage/s3_access.h"
#include "patterns/federation/storage/table_places.h"
#include "patterns/federation/tables.h"
#include "patterns/federation/views.h"

namespace firn::federation {

struct Desk {
  struct Options {
    std::vector<std::string> roots;  // absolute paths, the warehouse first; or one on S3
    bool implicit_namespaces = false;
    std::shared_ptr<lake::ObjectStore> s3_store;  // of a warehouse on S3; else nullptr
    std::shared_ptr<S3Access> s3;                 // likewise
  };
  Desk(std::unique_ptr<lake::ServedCatalog> served, const Options& options,
       MetricsRegistry& registry)
      : catalog(std::move(served)),
        store(options.s3_store ? options.s3_store : lake::LocalStore(options.roots)),
        s3(options.s3),
        locations(options.roots),
        names(*catalog, options.implicit_namespaces),
        places(*catalog,
               [this](const Call& call, const lake::TableIdent& ident) {
                 return tables.Places(call, ident);
               }),
        tables(*catalog, store, locations, names, s3 ? &places : nullptr),
        views(*catalog, store, locations, names),
        metrics(registry) {}

  std::unique_ptr<lake::ServedCatalog> catalog;
  std::shared_ptr<lake::ObjectStore> store;
  std::shared_ptr<S3Access> s3;  // nullptr: the warehouse is on this machine
  Locations locations;
  FreeNames names;
  TablePlaces places;  // of a warehouse on S3
  Tables tables;
  Views views;
  Plans plans;
  MetricsRegistry& metrics;
};

}  // namespace firn::federation
