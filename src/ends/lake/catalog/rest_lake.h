// A Lake whose catalog is a REST catalog. Any thread may call.
#pragma once

#include <memory>

#include "core/base/call.h"
#include "ends/lake/catalog/rest_options.h"
#include "ends/lake/table.h"

namespace firn::lake {

// `options.warehouse`: no file outside of it is read or written; empty: anywhere on S3, nowhere on
// this machine. `options.catalog_path` only says where the spool folder is: beside it. Errors:
// those of OpenRestCatalog (rest_catalog.h).
[[nodiscard]] Result<std::unique_ptr<Lake>> OpenRestLake(const Call& call,
                                                         const RestCatalogOptions& rest,
                                                         const LakeOptions& options);

}  // namespace firn::lake
