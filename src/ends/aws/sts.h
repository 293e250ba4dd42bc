// AWS Security Token Service: who we are, and credentials of a role narrowed down for somebody
// else.
#pragma once

#include <chrono>
#include <string>

#include "ends/aws/client.h"
#include "ends/aws/sigv4.h"

namespace firn::aws {

struct CallerIdentity {
  std::string account;
  std::string arn;
};
// Errors: of AwsClient. Source: AWS STS API Reference, "GetCallerIdentity", read 2026-11.
[[nodiscard]] Result<CallerIdentity> GetCallerIdentity(const Call& call, AwsClient& client);

struct RoleSession {
  std::string role_arn;
  std::string name;    // shows in CloudTrail: 2 to 64 of `[A-Za-z0-9_+=,.@-]`
  std::string policy;  // JSON: what the role may do, less all that this does not allow
  std::chrono::seconds life{3600};
};
// Errors: of AwsClient; Corrupt (AWS-CALL-004). Source: AWS STS API Reference, "AssumeRole", read
// 2026-11.
[[nodiscard]] Result<Credentials> AssumeRoleWithin(const Call& call, AwsClient& client,
                                                   const RoleSession& session);

}  // namespace firn::aws
