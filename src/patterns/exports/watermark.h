// Progress: up to where a table has followed its object, as it stands in the snapshot that holds
// the rows (checkpoint `export:<object>`). Internal to exports; pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "ends/lake/table.h"

namespace firn::exports {

struct Progress {
  std::string watermark;  // the org's time: changes with an earlier stamp are in; ISO 8601
  std::string swept;      // when all Ids were last compared; empty: never
  // When a column that changes without moving the cursor was last read as a whole, by name.
  std::map<std::string, std::string> refreshed;
  // Columns that the last window could not see: read as a whole when they come back.
  std::vector<std::string> hidden;

  bool operator==(const Progress&) const = default;
};

[[nodiscard]] std::string ConsumerOf(const std::string& object);  // `export:Account`
[[nodiscard]] std::string ProgressToJson(const Progress& progress);
// Nothing for text that is no such JSON.
[[nodiscard]] std::optional<Progress> ProgressFromJson(std::string_view json);

// From the newest snapshot that carries it; a full export's `firn.watermark` counts too. Nothing
// when no snapshot of the current line tells any.
[[nodiscard]] std::optional<Progress> ProgressOf(const lake::Table& table,
                                                 const std::string& object);

}  // namespace firn::exports
