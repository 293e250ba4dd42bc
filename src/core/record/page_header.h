// A page's header row against the layout. Internal to record; pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/record/column_values.h"
#include "core/record/layout.h"

namespace firn::record {

// Where each of layout.columns stands in the rows. Names compare without case, any order. Errors:
// Corrupt (REC-PAGE-004) naming what is missing, unknown or there twice.
[[nodiscard]] Result<std::vector<size_t>> MatchHeader(const BlockCells& header,
                                                      const Layout& layout);

}  // namespace firn::record
