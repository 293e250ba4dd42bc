// RestCatalog: any Iceberg REST catalog as a TableCatalog.
//
// The catalog's config says which calls it offers; the others are refused here, with their names. A
// commit is requirements and updates (metadata_diff.h). An answer that is lost, or that says the
// server broke, leaves the commit unknown: the table is read again before anything is repeated, and
// where the catalog keeps idempotency keys, the same request is sent again under its key. Any
// thread. Sources: Iceberg REST catalog spec (open-api/rest-catalog-open-api.yaml) and
// apache/iceberg 1.11 RESTSessionCatalog, ErrorHandlers, read 2026-11.
#pragma once

#include <memory>
#include <string>

#include "ends/lake/catalog/rest_options.h"
#include "ends/lake/catalog/table_catalog.h"

namespace firn::lake {

struct RestStoreOptions {
  // No file outside of it is read or written: an absolute path or `s3://..`. Empty: any place on
  // S3, none on this machine.
  std::string root;
  std::string spool;  // folder on this machine, for data files on their way to S3
};

struct RestCatalogParts {
  std::unique_ptr<TableCatalog> catalog;
  std::shared_ptr<ObjectStore> store;
};

// Reads the catalog's config. Errors: Denied (LAKE-REST-002, -003), BadConfig (LAKE-REST-010),
// Unreachable, Corrupt (LAKE-REST-009).
[[nodiscard]] Result<RestCatalogParts> OpenRestCatalog(const Call& call,
                                                       const RestCatalogOptions& options,
                                                       const RestStoreOptions& store);

}  // namespace firn::lake
