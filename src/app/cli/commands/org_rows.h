// Salesforce's JSON as rows to print; private to cli.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/cli/output/output.h"
#include "core/base/error.h"

namespace firn::cli {

// The fields of one record in the order the org sent them; related records as `Owner.Name`; what is
// nested otherwise as its JSON text. Errors: Corrupt CLI-ORG-001.
using RecordRow = std::vector<std::pair<std::string, Cell>>;
[[nodiscard]] Result<RecordRow> ParseRecord(std::string_view json);

// Collects records into a table whose columns are all fields seen.
class RecordTable {
 public:
  [[nodiscard]] Result<void> Add(std::string_view record_json);
  [[nodiscard]] Table Take();

 private:
  std::vector<std::string> columns_;
  std::vector<RecordRow> rows_;
};

// The fields of a describe answer. Errors: Corrupt CLI-ORG-001.
[[nodiscard]] Result<Table> FieldTable(std::string_view describe_json);

}  // namespace firn::cli
