// Narrows a query to the records its user may see, before it is bound. Pure; any thread.
#pragma once

#include "sandbox/soql/ast.h"
#include "sandbox/store/access_view.h"

namespace firn::sandbox::soql {

// Adds `OwnerId = user` to the query, its child queries and its semi-joins wherever the view lets
// the user see only own records.
void Narrow(Query& query, const AccessView& view);

}  // namespace firn::sandbox::soql
