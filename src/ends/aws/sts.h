// AWS Security Token Service: who we are.
#pragma once

#include "ends/aws/client.h"

namespace firn::aws {

struct CallerIdentity {
  std::string account;
  std::string arn;
};
// Errors: of AwsClient. Source: AWS STS API Reference, "GetCallerIdentity", read 2026-11.
[[nodiscard]] Result<CallerIdentity> GetCallerIdentity(const Call& call, AwsClient& client);

}  // namespace firn::aws
