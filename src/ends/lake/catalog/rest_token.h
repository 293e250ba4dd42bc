// TokenSource: access tokens of an OAuth 2 server, kept until shortly before they end. Any thread.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "core/base/call.h"
#include "core/base/encoding.h"
#include "core/base/secret.h"
#include "core/net/client.h"
#include "ends/lake/catalog/rest_options.h"

namespace firn::lake {

// One token as a server gave it.
struct FreshToken {
  Secret token;
  std::optional<std::chrono::seconds> life;  // nothing: not said
};
struct TokenRequest {
  std::string uri;
  FormFields form;
  std::string authorization;  // header; empty: none
};
// Asks once. Errors: Denied (LAKE-REST-002), Unreachable (LAKE-REST-008), Throttled
// (LAKE-REST-007), Corrupt (LAKE-REST-009).
[[nodiscard]] Result<FreshToken> FetchToken(const Call& call, net::Transport& transport,
                                            const TokenRequest& wanted);

class TokenSource {
 public:
  virtual ~TokenSource() = default;
  // Errors: Denied (LAKE-REST-002) with the server's own reason, Unreachable (LAKE-REST-008) after
  // the retries, Corrupt (LAKE-REST-009).
  [[nodiscard]] virtual Result<Secret> Get(const Call& call) = 0;
  // The catalog refused what Get gave: the next Get asks for another.
  virtual void Forget() = 0;
};

[[nodiscard]] std::unique_ptr<TokenSource> NewTokenSource(net::Transport& transport,
                                                          const RestCatalogOptions& options,
                                                          std::string token_uri);

}  // namespace firn::lake
