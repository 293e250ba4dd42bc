// Keys for ORDER BY: bytes that compare as the rows must stand.
#pragma once

#include <string>
#include <vector>

#include "sandbox/soql/bind.h"

namespace firn::sandbox::soql {

// Appends the current row's key. Texts are folded; nulls stand first or last as asked.
void AppendSortKey(const std::vector<BoundOrder>& order, RowTree& tree, std::string& out);

}  // namespace firn::sandbox::soql
