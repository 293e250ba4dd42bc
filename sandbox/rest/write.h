// Writing records on behalf of a request: what single records, collections and trees share.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sandbox/api_request.h"
#include "sandbox/mutation.h"

namespace firn::sandbox {

// Mutations as this client's: its user, and where change events say they came from.
[[nodiscard]] MutateOptions OptionsOf(const ApiRequest& request, bool all_or_none);
// Runs them in one transaction.
[[nodiscard]] Result<std::vector<RowOutcome>> WriteRows(ApiParts& parts, const ApiRequest& request,
                                                        const std::vector<Mutation>& mutations,
                                                        bool all_or_none);
// One mutation; a row's error is the call's.
[[nodiscard]] Result<RowOutcome> WriteRow(ApiParts& parts, const ApiRequest& request,
                                          const Mutation& mutation);
// `{"id":..,"success":true,"errors":[]}`, with `created` for an upsert.
[[nodiscard]] std::string SavedJson(int64_t id, std::optional<bool> created);
// `{"success":false,"errors":[{"statusCode":..}]}`
// 15 or 18 letters and digits, of whatever org.
[[nodiscard]] bool IsIdShaped(std::string_view id);
[[nodiscard]] std::string FailedJson(const Error& error, const std::string& id,
                                     std::optional<bool> created = std::nullopt);
// `{"statusCode":..,"message":..,"fields":[..]}`
[[nodiscard]] std::string RowErrorJson(const Error& error);

}  // namespace firn::sandbox
