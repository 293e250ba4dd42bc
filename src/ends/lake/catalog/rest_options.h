// How a REST catalog is reached and signed in to. A value; its secrets cannot be printed.
#pragma once

#include <map>
#include <string>

#include "core/base/secret.h"

namespace firn::lake {

struct RestCatalogOptions {
  std::string uri;        // `https://host/path`, without `/v1`
  std::string warehouse;  // what the catalog calls it; empty: its only one
  std::map<std::string, std::string> headers;
  std::string ca_file;  // empty: the system's authorities
  std::string proxy;    // as net::ClientOptions

  // Sign-in, the first that is set: Signature Version 4; a bearer token that does not change; a
  // token exchanged for `subject_token` (RFC 8693); client credentials. None: no sign-in.
  std::string signing_name;    // `s3tables`, `glue`, `execute-api`
  std::string signing_region;  // empty: that of the environment
  Secret token;
  Secret subject_token;
  std::string subject_token_type = "urn:ietf:params:oauth:token-type:access_token";
  Secret credential;              // `id:secret`, or only the secret
  std::string oauth2_server_uri;  // empty: `<uri>/v1/oauth/tokens`
  std::string scope = "catalog";
  std::string audience;
  std::string resource;

  // Asks for credentials of the table's files; without, those of whoever runs Firn are used.
  bool vended_credentials = true;
};

}  // namespace firn::lake
