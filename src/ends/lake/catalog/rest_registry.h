// RestRegistry: names of a REST catalog that point to metadata others wrote: found, registered,
// moved on. Never reads or writes a file of a table. Any thread. Source: Iceberg REST catalog spec,
// "registerTable" (`overwrite`), "updateTable", read 2026-11.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/base/call.h"
#include "core/base/error.h"
#include "ends/lake/catalog/rest_options.h"
#include "ends/lake/catalog/table_catalog.h"

namespace firn::lake {

class RestRegistry {
 public:
  virtual ~RestRegistry() = default;
  // Errors of all: those of the catalog (LAKE-REST-001 to -009).
  [[nodiscard]] virtual Result<std::optional<TableState>> Find(const Call& call,
                                                               const TableIdent& ident) = 0;
  // The namespace is made where it is missing. Errors: Conflict (LAKE-REST-005) when the name is
  // taken.
  [[nodiscard]] virtual Result<void> Register(const Call& call, const TableIdent& ident,
                                              const std::string& metadata_location) = 0;
  // The name shows `next`, of which it showed `was`: by registering anew over it, or where the
  // catalog does not do that, by a commit of the differences. Errors: Conflict (LAKE-REST-005) when
  // somebody changed it since.
  [[nodiscard]] virtual Result<void> MoveOn(const Call& call, const TableIdent& ident,
                                            const TableState& was, const TableState& next) = 0;
};

// Errors: as OpenRestCatalog.
[[nodiscard]] Result<std::unique_ptr<RestRegistry>> OpenRestRegistry(
    const Call& call, const RestCatalogOptions& options);

}  // namespace firn::lake
