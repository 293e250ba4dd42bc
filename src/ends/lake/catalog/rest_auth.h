// RestAuth: what makes a request to a REST catalog ours: a bearer token or a signature.
//
// Tokens are renewed before they end; one thread asks for all, no lock is held while it does. Any
// thread. Sources: Iceberg REST catalog spec, "OAuthClientCredentialsRequest",
// "OAuthTokenExchangeRequest", "OAuthTokenResponse"; RFC 6749 section 4.4; RFC 8693; Amazon S3 User
// Guide, "Accessing tables using the Amazon S3 Tables Iceberg REST endpoint"; read 2026-11.
#pragma once

#include <memory>

#include "core/base/call.h"
#include "core/net/client.h"
#include "ends/lake/catalog/rest_options.h"

namespace firn::lake {

class RestAuth {
 public:
  virtual ~RestAuth() = default;
  // Adds what the catalog asks for; the last thing before the request is sent. Errors: Denied
  // (LAKE-REST-002) when signing in is refused; those of the credential chain.
  [[nodiscard]] virtual Result<void> Apply(const Call& call, net::Request& request) = 0;
  // The catalog refused a request of ours (401, 403): whether something was learned that makes it
  // worth sending once more.
  [[nodiscard]] virtual bool Refused(const Call& call, const net::Response& response) = 0;
};

// `transport` outlives it. `token_uri`: where tokens are asked for. Errors: BadConfig
// (LAKE-REST-010).
[[nodiscard]] Result<std::unique_ptr<RestAuth>> NewRestAuth(net::Transport& transport,
                                                            const RestCatalogOptions& options,
                                                            const std::string& token_uri);

}  // namespace firn::lake
