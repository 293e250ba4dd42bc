// Queries of UserRecordAccess: what a user may do with records, reckoned when it is asked.
//
// It has no rows of its own, so the general query does not know it. One user, at most 200 records;
// no other filters than those of its flags. Source: Object Reference, 'UserRecordAccess', read
// 2026-11; the words of its errors are not in the documents.
#pragma once

#include <optional>
#include <string>

#include "sandbox/api_request.h"

namespace firn::sandbox {

// Nothing when the query is of another object, or no query: the caller's then.
[[nodiscard]] std::optional<Answer> QueryUserRecordAccess(ApiParts& parts,
                                                          const ApiRequest& request,
                                                          const std::string& soql);

}  // namespace firn::sandbox
