// Objects that no query may read as a whole: links of files must be filtered by file, record or id.
// Source: Object Reference, 'ContentDocumentLink' ("Special Access Rules", "Usage"); the sentence
// and code as public clients report them; read 2026-11.
#pragma once

#include "sandbox/soql/query.h"

namespace firn::sandbox::soql {

// Errors: api error MALFORMED_QUERY when the filter is missing and the user may not go without.
[[nodiscard]] Result<void> CheckRequiredFilter(const Query& query, const ObjectInfo& object,
                                               const QueryContext& context);

}  // namespace firn::sandbox::soql
