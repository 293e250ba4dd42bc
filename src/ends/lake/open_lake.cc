// Opening a lake: which catalog, and where the files lie.
#include <filesystem>

#include "core/base/file.h"
#include "ends/lake/catalog/catalog.h"
#include "ends/lake/catalog/rest_catalog.h"
#include "ends/lake/catalog/rest_lake.h"
#include "ends/lake/internal/lake_parts.h"
#include "ends/lake/store/object_store.h"
#include "ends/lake/store/s3_store.h"
#include "ends/lake/table.h"

namespace firn::lake {
namespace {

bool IsS3(std::string_view uri) { return uri.starts_with("s3://"); }

// The warehouse as an absolute path without links or `..`.
Result<std::string> WarehouseFolder(const LakeOptions& options) {
  std::string text = options.warehouse;
  if (!text.starts_with("file:")) {
    std::error_code error;
    text = std::filesystem::absolute(text, error).lexically_normal().string();
    if (error) text = options.warehouse;
  }
  FIRN_TRY(const std::string path, LocalPath(text));
  // Other engines parse locations as URIs, in which these have a meaning.
  if (path.find_first_of("?#%") != std::string::npos)
    return Fail(Error(Kind::kBadInput, "LAKE-STORE-001", "`" + path + "` cannot be a warehouse")
                    .Because("`?`, `#` and `%` in a path are read differently by other engines"));
  if (options.create) FIRN_CHECK(MakeFolders(path));
  return path;
}

// Beside the catalog's file, or where that would be.
Result<std::string> SpoolFolder(const LakeOptions& options) {
  const size_t slash = options.catalog_path.rfind('/');
  const std::string folder =
      slash == std::string::npos ? "." : options.catalog_path.substr(0, slash);
  FIRN_CHECK(MakeFolders(folder, 0700));
  return folder + "/spool";
}

}  // namespace

Result<std::unique_ptr<Lake>> Lake::Open(const LakeOptions& options) {
  internal::LakeParts parts;
  if (IsS3(options.warehouse)) {
    if (options.catalog_path.empty())
      return Fail(
          Error(Kind::kBadInput, "LAKE-STORE-007", "the catalog of an S3 warehouse has no place")
              .At(options.warehouse)
              .Hint("name its SQLite file: `--catalog FILE`, or `lake.catalog` in firn.yaml"));
    parts.root = options.warehouse;
    while (parts.root.ends_with('/')) parts.root.pop_back();
    FIRN_TRY(const std::string spool, SpoolFolder(options));
    FIRN_TRY(parts.store, OpenS3Store(parts.root, spool));
  } else {
    FIRN_TRY(parts.root, WarehouseFolder(options));
    parts.store = LocalStore(parts.root);
  }
  SqlCatalogOptions catalog;
  catalog.path = options.catalog_path.empty() ? parts.root + "/catalog.db" : options.catalog_path;
  catalog.name = options.catalog_name;
  catalog.create = options.create;
  catalog.busy_timeout_ms = options.busy_timeout_ms;
  FIRN_TRY(parts.catalog, OpenSqlCatalog(catalog));
  return internal::LakeOf(std::move(parts));
}

Result<std::unique_ptr<Lake>> OpenRestLake(const Call& call, const RestCatalogOptions& rest,
                                           const LakeOptions& options) {
  RestStoreOptions store;
  FIRN_TRY(store.spool, SpoolFolder(options));
  if (IsS3(options.warehouse)) {
    store.root = options.warehouse;
    while (store.root.ends_with('/')) store.root.pop_back();
  } else if (!options.warehouse.empty()) {
    FIRN_TRY(store.root, WarehouseFolder(options));
  }
  FIRN_TRY(auto parts, OpenRestCatalog(call, rest, store));
  return internal::LakeOf(std::move(parts.catalog), std::move(parts.store));
}

}  // namespace firn::lake
