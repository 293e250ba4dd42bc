// Data from outside into the org: CSV, JSON, an export tree of the sf CLI, or the schema of a real
// org from its describe answers.
//
// Records go in through Org::Mutate in batches, with the rules every client meets, but for audit
// and read-only fields, which may be given. One thread at a time for one load.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/org.h"

namespace firn::sandbox {

struct LoadReport {
  uint64_t loaded = 0;
  uint64_t failed = 0;
  std::vector<std::string> errors;  // of the first rows that failed: `row 7: REQUIRED_FIELD..`
};

// A header line of field names, then records; RFC 4180 quoting, UTF-8, any line ending. `#N/A` is
// null, an empty cell is left out. Errors: BadInput (SBX-LOAD-001) when it is not CSV.
// `rows_before` counts the rows of the same file that came before, for what errors say.
struct CsvSource {
  std::string object;
  std::string_view csv;
  size_t rows_before = 0;
};
[[nodiscard]] Result<LoadReport> LoadCsv(Org& org, const CsvSource& source);

// A list of records, `{"records": [..]}`, or `{"plan": [{"sobject", "records"} ..]}`, which is what
// `firn sandbox load` makes of an sf plan and its files. `attributes.type` names the object where
// `object` is empty; `attributes.referenceId` is what `"@name"` elsewhere refers to; a nested
// `{"records": [..]}` holds children by their relationship's name. Errors: BadInput (SBX-LOAD-002).
[[nodiscard]] Result<LoadReport> LoadJson(Org& org, const std::string& object,
                                          std::string_view json);

// The object files that make the org know the objects of these describe answers: one answer, or a
// list. Errors: BadInput (SBX-LOAD-003).
[[nodiscard]] Result<std::vector<std::string>> ObjectFilesOf(std::string_view describe_json);

}  // namespace firn::sandbox
