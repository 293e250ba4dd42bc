// CountCheck: for each stretch of stamps, how many rows the org counts and how many the table
// holds. Cheap enough for every night: a count a stretch, and one scan over one column. Nothing is
// changed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "patterns/exports/export.h"

namespace firn::exports {

struct CountedWindow {
  std::string start;  // empty: from the beginning
  std::string end;
  std::optional<int64_t> rows_org;  // nothing: the count timed out
  int64_t rows_lake = 0;
};

struct CountCheckOutcome {
  std::string object;
  std::string table;
  std::string cursor;
  std::string watermark;  // the end of the last window
  std::vector<CountedWindow> windows;
  // Rows that the org changed or deleted at or after the watermark: as many may be missing from its
  // windows, all of them together.
  std::optional<int64_t> changed_since;
  int64_t differences = 0;  // windows whose difference the changes since do not explain
  std::vector<std::string> notes;
};

struct CountCheckOptions {
  int days = 7;  // windows of a day before the watermark, and one of all before them
};
// Errors: NotFound for a table that is not there; BadInput EXPORT-CHECK-001 for an object without a
// cursor field or a table without a watermark; those of requests.
[[nodiscard]] Result<CountCheckOutcome> CheckCounts(const Call& call, const ExportParts& parts,
                                                    const ObjectSpec& spec,
                                                    const CountCheckOptions& options);
[[nodiscard]] std::string CountCheckJson(const CountCheckOutcome& outcome);  // one object

}  // namespace firn::exports
