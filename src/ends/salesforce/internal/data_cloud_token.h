// The token exchange of Data Cloud: a session of the org for a token of its Data Cloud instance.
// Private to the room; any thread: one exchange is under way at a time.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "core/base/call.h"
#include "core/base/secret.h"
#include "core/net/client.h"
#include "ends/salesforce/auth.h"

namespace firn::salesforce {

struct CloudToken {
  Secret access_token;
  std::string instance_url;  // with its scheme, without a slash at the end
  UtcMicros expires_at;
  uint64_t serial = 0;
};

class CloudTokens {
 public:
  CloudTokens(std::string org, TokenSource& sessions, net::Transport& transport)
      : org_(std::move(org)), sessions_(sessions), transport_(transport) {}
  // Errors: those of the sign-in; Denied (SF-CLOUD-001), Corrupt (SF-AUTH-016); Throttled,
  // Unreachable, Timeout.
  [[nodiscard]] Result<CloudToken> Get(const Call& call);
  // One other than `refused`.
  [[nodiscard]] Result<CloudToken> Renew(const Call& call, const CloudToken& refused);

 private:
  [[nodiscard]] Result<void> Exchange(const Call& call);
  [[nodiscard]] Result<net::Response> Ask(const Call& call, const Session& session);

  const std::string org_;
  TokenSource& sessions_;
  net::Transport& transport_;
  std::mutex mutex_;
  CloudToken token_;
};

}  // namespace firn::salesforce
