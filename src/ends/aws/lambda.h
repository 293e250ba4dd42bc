// AWS Lambda: functions, called with or without waiting for their answer.
//
// Any thread may call. Source: Lambda API Reference (2015-03-31), "Invoke", read 2026-11.
#pragma once

#include <cstddef>
#include <string>

#include "ends/aws/client.h"

namespace firn::aws {

inline constexpr size_t kLambdaEventBytesMax = 1'048'576;    // without waiting
inline constexpr size_t kLambdaRequestBytesMax = 6'291'456;  // waiting for the answer

struct Invocation {
  std::string function;  // name or ARN, with or without alias
  std::string payload;   // JSON
  bool wait = false;     // RequestResponse, else Event
};
// The function's answer; empty without waiting. Errors: Unreachable (AWS-LAMBDA-001, retry) when
// the function itself failed, with its error's type; others of AwsClient.
[[nodiscard]] Result<std::string> Invoke(const Call& call, AwsClient& client,
                                         const Invocation& invocation);

}  // namespace firn::aws
