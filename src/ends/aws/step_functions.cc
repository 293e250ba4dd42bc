#include "ends/aws/step_functions.h"

#include <nlohmann/json.hpp>

#include "ends/aws/internal/json_api.h"

namespace firn::aws {
namespace {

using nlohmann::json;

constexpr Service kStates{"SFN", "states", "states", "1.0"};
constexpr Service kSyncStates{"SFN", "sync-states", "states", "1.0"};
constexpr size_t kNameBytesMax = 80;

json Body(const Execution& execution) {
  std::string name = execution.name.substr(0, kNameBytesMax);
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '_') c = '-';
  }
  return {
      {"stateMachineArn", execution.state_machine_arn}, {"name", name}, {"input", execution.input}};
}

}  // namespace

Result<std::string> StartExecution(const Call& call, AwsClient& client,
                                   const Execution& execution) {
  auto answer = AskJson(call, client, kStates, "AWSStepFunctions.StartExecution", Body(execution));
  if (!answer) {
    if (answer.error().remote().api_code == "ExecutionAlreadyExists") return std::string();
    return Fail(std::move(answer).error());
  }
  return Reading(kStates,
                 [&]() -> Result<std::string> { return answer->value("executionArn", ""); });
}

Result<std::string> StartSyncExecution(const Call& call, AwsClient& client,
                                       const Execution& execution) {
  FIRN_TRY(const json answer, AskJson(call, client, kSyncStates,
                                      "AWSStepFunctions.StartSyncExecution", Body(execution)));
  return Reading(kSyncStates, [&]() -> Result<std::string> {
    const std::string status = answer.value("status", "");
    if (status == "SUCCEEDED") return answer.value("output", "");
    const std::string error = answer.value("error", "");
    return Fail(Error(Kind::kUnreachable, "AWS-SFN-001", "the state machine's execution failed")
                    .At("states, " + execution.state_machine_arn)
                    .Because("`" + status + "`" + (error.empty() ? "" : ": `" + error + "`"))
                    .From({"states", 200, error.empty() ? status : error, ""})
                    .RetryWithBackoff());
  });
}

}  // namespace firn::aws
