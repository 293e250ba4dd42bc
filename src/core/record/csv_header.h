// The column names of a CSV page, for callers that must choose a layout by them. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace firn::record {

// `begin`: the first bytes of a page, its whole header row among them. Errors: Corrupt
// (REC-PAGE-001) when the header row has no end there.
[[nodiscard]] Result<std::vector<std::string>> CsvHeader(std::string_view begin, char delimiter);

}  // namespace firn::record
