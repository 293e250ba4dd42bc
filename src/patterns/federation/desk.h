// Desk: what the calls of the catalog server work with. Owned by the server; any thread.
#pragma once

#include <atomic>
#include <memory>

#include "core/base/metrics.h"
#include "ends/lake/catalog/catalog.h"
#include "patterns/federation/free_names.h"
#include "patterns/federation/locations.h"
#include "patterns/federation/tables.h"
#include "patterns/federation/views.h"

namespace firn::federation {

struct Desk {
  struct Options {
    std::vector<std::string> roots;  // absolute paths, the warehouse first
    bool implicit_namespaces = false;
  };
  Desk(std::unique_ptr<lake::ServedCatalog> served, const Options& options,
       MetricsRegistry& registry)
      : catalog(std::move(served)),
        store(lake::LocalStore(options.roots)),
        locations(options.roots),
        names(*catalog, options.implicit_namespaces),
        tables(*catalog, store, locations, names),
        views(*catalog, store, locations, names),
        metrics(registry) {}

  std::unique_ptr<lake::ServedCatalog> catalog;
  std::shared_ptr<lake::ObjectStore> store;
  Locations locations;
  FreeNames names;
  Tables tables;
  Views views;
  MetricsRegistry& metrics;
};

}  // namespace firn::federation
