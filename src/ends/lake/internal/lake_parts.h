// A Lake put together from parts: how tests give it a catalog or a store that fails on demand.
#pragma once

#include <memory>
#include <string>

#include "ends/lake/catalog/catalog.h"
#include "ends/lake/catalog/table_catalog.h"
#include "ends/lake/store/object_store.h"
#include "ends/lake/table.h"

namespace firn::lake::internal {

struct LakeParts {
  std::string root;  // absolute path of the warehouse
  std::unique_ptr<Catalog> catalog;
  std::shared_ptr<ObjectStore> store;
};

[[nodiscard]] std::unique_ptr<Lake> LakeOf(LakeParts parts);
[[nodiscard]] std::unique_ptr<Lake> LakeOf(std::unique_ptr<TableCatalog> catalog,
                                           std::shared_ptr<ObjectStore> store);

}  // namespace firn::lake::internal
