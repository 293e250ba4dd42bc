// TokenSource: access tokens of an OAuth 2 server, kept until shortly before they end. Any thread.
#pragma once

#include <memory>
#include <string>

#include "core/base/call.h"
#include "core/base/secret.h"
#include "core/net/client.h"
#include "ends/lake/catalog/rest_options.h"

namespace firn::lake {

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
