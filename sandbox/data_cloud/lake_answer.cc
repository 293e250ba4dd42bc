#include "sandbox/data_cloud/lake_answer.h"

#include <nlohmann/json.hpp>

#include "core/base/time_text.h"

namespace firn::sandbox {

using nlohmann::ordered_json;

Answer LakeErrorAnswer(const ApiParts& parts, const net::ServerRequest& request,
                       const LakeFailure& failure) {
  ordered_json body = {{"timestamp", FormatUtc(parts.clock.Now(), 6)},
                       {"error", failure.error},
                       {"message", failure.error + ": " + failure.message},
                       {"path", "uri=" + request.path},
                       {"tenantId", "a360/sandbox/" + parts.org.org_id()},
                       {"internalErrorCode", "COMMON_ERROR_GENERIC"}};
  if (!failure.report.empty()) {
    ordered_json report = ordered_json::array();
    for (const LakeProblem& problem : failure.report) {
      report.push_back({{"recordNumber", problem.row}, {"errors", {problem.what}}});
    }
    body["validationReport"] = std::move(report);
  }
  return JsonAnswer(failure.status,
                    body.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
}

Answer LakeErrorAnswer(const ApiParts& parts, const net::ServerRequest& request,
                       const Error& error) {
  const ApiErrorParts told = PartsOf(error);
  const bool ours = told.status == 500;
  return LakeErrorAnswer(
      parts, request, {told.status, ours ? "Internal Server Error" : told.code, told.message, {}});
}

}  // namespace firn::sandbox
