// Progress: up to where a table has followed its object, as it stands in the snapshot that holds
// the rows (checkpoint `export:<object>`). Internal to exports; pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "ends/lake/table.h"

namespace firn::exports {

struct Progress {
  std::string watermark;  // the org's time: changes with an earlier stamp are in; ISO 8601
  std::string cursor;     // field that the watermark is of; empty: not told
  std::string scope;      // the condition the table's rows fit; another one needs a whole read
  std::string swept;      // when all Ids were last compared; empty: never
  std::string refreshed;  // when the columns that change silently were last read
  std::string deletes_covered;  // up to where getDeleted has told

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
