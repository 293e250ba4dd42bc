// CredentialChain: the credentials of whoever runs Firn, from the sources that the AWS SDKs know
// and in their order.
//
// 1 environment variables; 2 the profile (AWS_PROFILE, else `default`): role_arn with
// source_profile or credential_source, web identity, SSO, static keys, credential_process; 3 web
// identity of the environment; 4 the container's endpoint; 5 the instance (IMDSv2). The first
// source that is configured counts; when it fails, the chain fails and names it, it does not go on
// to somebody else's identity. Credentials are kept and renewed five minutes before they expire;
// one thread fetches for all callers. Any thread may call. Source: AWS SDKs and Tools Reference
// Guide, "Standardized credential providers", read 2026-11.
#pragma once

#include <memory>
#include <string>

#include "core/base/call.h"
#include "core/net/client.h"
#include "ends/aws/environment.h"
#include "ends/aws/profile_file.h"
#include "ends/aws/sigv4.h"

namespace firn::aws {

class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  // Errors: NotFound (AWS-CRED-001), others AWS-CRED-002 naming the source.
  [[nodiscard]] virtual Result<Credentials> Get(const Call& call) = 0;
  // The service refused what Get gave: the next Get fetches anew.
  virtual void Forget() = 0;
};

struct ChainOptions {
  Environment environment = Environment::OfProcess();
  std::string profile;  // empty: AWS_PROFILE, else `default`
  std::string region;   // of the STS calls; empty: the environment's or profile's
};
// `transport` outlives the chain.
[[nodiscard]] std::unique_ptr<CredentialSource> NewCredentialChain(net::Transport& transport,
                                                                   ChainOptions options);
[[nodiscard]] std::unique_ptr<CredentialSource> FixedCredentials(Credentials credentials);

// AWS_REGION, AWS_DEFAULT_REGION, else the profile's. Errors: BadConfig (AWS-REGION-001).
[[nodiscard]] Result<std::string> FindRegion(const Environment& environment,
                                             const std::string& profile);

}  // namespace firn::aws
