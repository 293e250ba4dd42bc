// Rows of a REST query answer as a CSV page, so that they take the very path of a Bulk page and
// come out identical. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/record/layout.h"

namespace firn::record {

struct JsonPage {
  std::string csv;  // header row of the layout's columns, then the records
  int64_t rows = 0;
};

// `records_json`: the `records` array of a /query answer, or the whole answer. Fields of a record
// that the layout does not select (`attributes`) are passed over; a selected field that is absent
// is null. Numbers keep their text. Errors: Corrupt (REC-JSON-001).
[[nodiscard]] Result<JsonPage> CsvFromRecords(std::string_view records_json, const Layout& layout);

}  // namespace firn::record
