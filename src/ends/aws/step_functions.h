// AWS Step Functions: executions of state machines. JSON protocol.
//
// Any thread may call. Source: Step Functions API Reference (2016-11-23), "StartExecution" (the
// same name with the same input is the same execution), "StartSyncExecution", read 2026-11.
#pragma once

#include <cstddef>
#include <string>

#include "ends/aws/client.h"

namespace firn::aws {

inline constexpr size_t kExecutionInputBytesMax = 262'144;

struct Execution {
  std::string state_machine_arn;
  std::string name;   // 1 to 80 characters; other letters than A-Z a-z 0-9 - _ become `-`
  std::string input;  // JSON
};
// The execution's ARN; an execution that already exists by that name counts as started. Errors: of
// AwsClient.
[[nodiscard]] Result<std::string> StartExecution(const Call& call, AwsClient& client,
                                                 const Execution& execution);
// Waits for the end of an express execution and gives its output. Errors: Unreachable (AWS-SFN-001,
// retry) when it failed or timed out; of AwsClient.
[[nodiscard]] Result<std::string> StartSyncExecution(const Call& call, AwsClient& client,
                                                     const Execution& execution);

}  // namespace firn::aws
