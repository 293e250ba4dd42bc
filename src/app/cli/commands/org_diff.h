// What an org answers differently under two API versions; private to cli. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/cli/output/output.h"
#include "core/base/error.h"

namespace firn::cli {

struct Difference {
  std::string object;
  std::string part;  // `describe`, `query`, `job`
  std::string what;  // `field Fax`, `Amount.scale`, `record 001..: Name`
  std::string here;  // at the project's version; empty: not there
  std::string there;
};

// Of two describe answers: fields that come or go, and every property that differs, but for
// addresses, which name the version. Errors: Corrupt CLI-ORG-001.
[[nodiscard]] Result<void> DiffDescribes(const std::string& object, std::string_view here,
                                         std::string_view there, std::vector<Difference>& found);
// Of two records as JSON text. Errors: Corrupt CLI-ORG-001.
[[nodiscard]] Result<void> DiffRecords(const std::string& object, std::string_view here,
                                       std::string_view there, std::vector<Difference>& found);
// Of two CSV pages: headers first, then the first line that differs.
void DiffPages(const std::string& object, std::string_view here, std::string_view there,
               std::vector<Difference>& found);

// The fields of a describe answer that a Bulk query may select. Errors: Corrupt CLI-ORG-001.
[[nodiscard]] Result<std::vector<std::string>> PlainFields(std::string_view describe_json);

[[nodiscard]] Table DifferenceTable(const std::vector<Difference>& found, const std::string& here,
                                    const std::string& there);

}  // namespace firn::cli
