// Columns whose rows are not all filled: added since, or hidden from the user for a while. They
// stand in a table property from before the schema changes until they were read as a whole, so that
// no crash loses the need for it. Internal to exports.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/record/layout.h"
#include "ends/lake/table.h"

namespace firn::exports {

[[nodiscard]] std::vector<std::string> ColumnsToFill(const lake::Table& table);
// Writes the property when it differs.
[[nodiscard]] Result<lake::Table> SetColumnsToFill(const Call& call, lake::Lake& lake,
                                                   const lake::Table& table,
                                                   const std::vector<std::string>& columns);

// `firn.refreshed`: when each of these columns was last read as a whole, as one JSON object, shown
// by `firn lake show`.
[[nodiscard]] Result<void> NoteRefreshed(const Call& call, lake::Lake& lake,
                                         const lake::TableIdent& table,
                                         const std::vector<std::string>& columns,
                                         const std::string& when);
// What it says, by column.
[[nodiscard]] std::map<std::string, std::string> RefreshedColumns(const lake::Table& table);

// The part of `layout` that fills `columns`, with what it is derived from.
[[nodiscard]] std::vector<std::string> FieldsThatFill(const record::Layout& layout,
                                                      const std::vector<std::string>& columns);

}  // namespace firn::exports
