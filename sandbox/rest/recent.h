// Recently used records of a user, newest first: what queries FOR VIEW and FOR REFERENCE name.
//
// Kept in api.db as one setting a user, at most 200 ids. Any thread. Source: REST API Developer
// Guide, "Recent Items", "sObject Basic Information"; SOQL and SOSL Reference, 'FOR VIEW', read
// 2026-11.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sandbox/api_request.h"

namespace firn::sandbox {

[[nodiscard]] Result<void> NoteRecent(ApiParts& parts, const std::string& user_id,
                                      const std::vector<int64_t>& ids);
// `[{"attributes":{..},"Id":..,"Name":..}]` of live records, of one object or (empty) of all.
[[nodiscard]] Result<std::string> RecentJson(ApiParts& parts, const ApiRequest& request,
                                             std::string_view object, size_t max);

}  // namespace firn::sandbox
