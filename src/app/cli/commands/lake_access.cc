#include "app/cli/commands/lake_access.h"

#include <algorithm>
#include <charconv>

#include "app/engine/lake_access.h"
#include "core/base/nearest.h"
#include "core/base/time_text.h"

namespace firn::cli {

const std::vector<Option>& WarehouseOptions() {
  static const std::vector<Option> kOptions = {
      {.name = "warehouse",
       .value = "DIR",
       .help = "folder of the tables, instead of the project's"},
      {.name = "catalog",
       .value = "FILE",
       .help = "the catalog's SQLite file (default: catalog.db in the warehouse)"},
  };
  return kOptions;
}

std::vector<Option> WithWarehouse(std::vector<Option> options) {
  options.insert(options.end(), WarehouseOptions().begin(), WarehouseOptions().end());
  return options;
}

Argument TableArgument() {
  return {.name = "table", .help = "NAMESPACE.TABLE, or the table alone in a project of one org"};
}

Result<WarehousePaths> WarehouseOf(Context& context) {
  WarehousePaths paths;
  if (context.Has("warehouse")) {
    paths.warehouse = context.Text("warehouse");
  } else {
    FIRN_TRY(const project::Project* project, context.LoadProject());
    if (project->catalogs.rest)
      return Fail(Error(Kind::kUnsupported, "CLI-LAKE-001",
                        "this needs an embedded catalog, and the project has another one")
                      .At(project->catalogs.rest->uri)
                      .Because("`lake.rest` in firn.yaml names a REST catalog")
                      .Hint("use that catalog's own address, or give `--warehouse DIR`"));
    paths.warehouse = project->lake.warehouse;
    paths.catalog = project->lake.catalog;
  }
  if (context.Has("catalog")) paths.catalog = context.Text("catalog");
  return paths;
}

Result<std::unique_ptr<lake::Lake>> OpenLake(Context& context, const OpenLakeOptions& options) {
  if (!context.Has("warehouse") && !context.Has("catalog")) {
    FIRN_TRY(const project::Project* project, context.LoadProject());
    return engine::OpenLakeOf(context.call(), *project, context.secrets(),
                              {.create = options.create});
  }
  FIRN_TRY(const WarehousePaths paths, WarehouseOf(context));
  lake::LakeOptions open;
  open.create = options.create;
  open.warehouse = paths.warehouse;
  open.catalog_path = paths.catalog;
  return lake::Lake::Open(open);
}

Result<std::unique_ptr<lake::Lake>> OpenLakeToRead(Context& context) {
  auto lake = OpenLake(context);
  if (lake || lake.error().code() != "LAKE-CATALOG-003") return lake;
  if (context.Has("warehouse") || context.Has("catalog")) return lake;
  FIRN_TRY(const project::Project* project, context.LoadProject());
  lake::LakeOptions empty;
  empty.create = true;
  empty.warehouse = project->folder;
  empty.catalog_path = ":memory:";
  return lake::Lake::Open(empty);
}

Result<lake::TableIdent> TableIdentOf(Context& context, const std::string& text) {
  if (text.find('.') != std::string::npos || context.Has("warehouse") || !context.HasProject())
    return lake::ParseTableIdent(text);
  FIRN_TRY(const project::Project* project, context.LoadProject());
  FIRN_TRY(const project::Org* org, context.LoadOrg());
  return lake::ParseTableIdent(project->NamespaceOf(*org) + "." + text);
}

Result<lake::Table> OpenTable(Context& context) {
  FIRN_TRY(const auto ident, TableIdentOf(context, context.Text("table")));
  FIRN_TRY(const auto lake, OpenLakeToRead(context));
  auto table = lake->Load(ident);
  if (table || table.error().code() != "LAKE-TABLE-001") return table;
  std::vector<std::string> names;
  if (const auto tables = lake->Tables("")) {
    for (const auto& known : *tables) names.push_back(known.Text());
  }
  if (names.empty()) {
    return Fail(Error(Kind::kNotFound, "LAKE-TABLE-001", "there is no table `" + ident.Text() + "`")
                    .Because("this warehouse has no tables yet")
                    .Hint("run `firn export run` first"));
  }
  const std::string near = DidYouMean(ident.Text(), names);
  if (near.empty()) return table;
  return Fail(
      Error(Kind::kNotFound, "LAKE-TABLE-001", "there is no table `" + ident.Text() + "`" + near));
}

std::vector<std::string> ColumnsOf(const std::string& text) {
  std::vector<std::string> names;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    if (end > at) names.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return names;
}

Result<std::optional<int64_t>> SnapshotOption(Context& context) {
  if (!context.Has("snapshot")) return std::optional<int64_t>();
  const std::string text = context.Text("snapshot");
  int64_t id = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, id);
  if (error != std::errc() || at != end)
    return Fail(context.UsageError("`" + text + "` is no snapshot id"));
  return std::optional<int64_t>(id);
}

Result<UtcMicros> InstantOf(Context& context, const std::string& text) {
  constexpr size_t kDateLength = 10;  // `2026-11-24`
  if (text.size() != kDateLength) return ParseInstant(text);
  const auto at = ParseInstant(text + "T00:00:00Z");
  if (!at) return ParseInstant(text);
  context.out().Talk("the day begins, in UTC, at " + FormatUtc(*at));
  return at;
}

}  // namespace firn::cli
