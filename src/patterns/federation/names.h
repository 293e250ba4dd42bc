// Names of namespaces, tables and views between the REST catalog's forms and the SQL catalog's
// text.
//
// A namespace is a list of levels. In a URL its levels are joined by the unit separator (0x1F), in
// bodies it is a list, and in the catalog file it is text with `.` between the levels, as
// JdbcCatalog and PyIceberg write it; a `.` or `%` inside a level stands there as `%2E` and `%25`.
// Pure functions, any thread. Errors: BadInput (CAT-NAME-001).
// Source: REST catalog spec, parameters `namespace` and `parent`, read 2026-11.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "ends/lake/table.h"

namespace firn::federation {

using Levels = std::vector<std::string>;

struct EntryName {
  Levels ns;
  std::string name;
};

// `text`: percent-decoded.
[[nodiscard]] Result<Levels> LevelsFromPath(std::string_view text);
[[nodiscard]] Result<Levels> LevelsFromJson(const nlohmann::ordered_json& json);
// `{"namespace": [..], "name": ".."}`
[[nodiscard]] Result<EntryName> EntryNameFromJson(const nlohmann::ordered_json& json);
[[nodiscard]] Result<void> CheckEntryName(std::string_view name);

[[nodiscard]] std::string CatalogText(const Levels& levels);
[[nodiscard]] Levels LevelsFromCatalog(std::string_view text);
[[nodiscard]] lake::TableIdent IdentOf(const EntryName& name);
// The levels with the name as the last one.
[[nodiscard]] Levels PathOf(const EntryName& name);
// For people: levels and name joined by `.`.
[[nodiscard]] std::string Shown(const Levels& levels);
[[nodiscard]] std::string Shown(const EntryName& name);

}  // namespace firn::federation
