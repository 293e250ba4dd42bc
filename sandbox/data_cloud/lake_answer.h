// The shapes of the Ingestion API's answers. Pure; any thread.
// Source: Data 360 Ingestion API reference, 'Synchronous Record Validation' (its error body), read
// 2026-11.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sandbox/api_request.h"
#include "sandbox/data_cloud/lake_store.h"

namespace firn::sandbox {

struct LakeFailure {
  int status = 400;
  std::string error;  // `Bad Request`
  std::string message;
  std::vector<LakeProblem> report;  // of a validation
};

[[nodiscard]] Answer LakeErrorAnswer(const ApiParts& parts, const net::ServerRequest& request,
                                     const LakeFailure& failure);
// What an api error says; others become 500.
[[nodiscard]] Answer LakeErrorAnswer(const ApiParts& parts, const net::ServerRequest& request,
                                     const Error& error);

}  // namespace firn::sandbox
