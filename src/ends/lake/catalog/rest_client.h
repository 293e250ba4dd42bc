// RestClient: single calls of a REST catalog: its config, what it offers, sign-in, retries.
//
// What was refused as too much (429) or never arrived is sent again; other failures only where the
// call changes nothing. Any thread. Source: Iceberg REST catalog spec, "getConfig",
// "CatalogConfig"; apache/iceberg 1.11 ExponentialHttpRequestRetryStrategy, read 2026-11.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "core/base/call.h"
#include "core/net/client.h"
#include "ends/lake/catalog/rest_auth.h"
#include "ends/lake/catalog/rest_options.h"

namespace firn::lake {

struct RestCall {
  // As the spec names it: `POST /v1/{prefix}/namespaces/{namespace}/tables`.
  std::string_view endpoint;
  std::string path;  // below `/v1/{prefix}`, encoded, with its query
  std::string body = {};
  net::Headers headers = {};
  std::string idempotency_key = {};  // empty: one of its own, where the catalog keeps keys
  bool once = false;                 // send it again only when it certainly was not carried out
  bool reads = false;                // changes nothing, though it is a POST
  RestAuth* auth = nullptr;          // whose sign-in; nullptr: the catalog's
};

class RestClient {
 public:
  // Errors: as OpenRestCatalog.
  [[nodiscard]] static Result<std::unique_ptr<RestClient>> Open(const Call& call,
                                                                const RestCatalogOptions& options);
  // The answer, of status 200, 204 or 304. Errors: those of RestError; Unsupported (LAKE-REST-006)
  // when the catalog does not offer it; those of net.
  [[nodiscard]] Result<net::Response> Send(const Call& call, const RestCall& rest);
  // The same at an address that the catalog named.
  [[nodiscard]] Result<net::Response> SendTo(const Call& call, const RestCall& rest,
                                             const std::string& url);
  // `endpoint` as an address: as it is, or below `base`, which is the catalog's where it is empty.
  [[nodiscard]] std::string Resolve(const std::string& endpoint, const std::string& base) const;
  // The whole address of a path below `/v1/{prefix}`.
  [[nodiscard]] std::string UrlOf(const std::string& path) const {
    return options_.uri + "/v1" + prefix_ + path;
  }
  // Whether an address is at the catalog's own host.
  [[nodiscard]] bool IsOwn(const std::string& url) const;
  [[nodiscard]] bool Offers(std::string_view endpoint) const {
    return endpoints_.contains(endpoint);
  }
  [[nodiscard]] bool keeps_idempotency_keys() const { return keeps_keys_; }
  // What the catalog's config says of a property; empty: nothing.
  [[nodiscard]] std::string Property(const std::string& name) const;
  [[nodiscard]] const std::map<std::string, std::string>& properties() const { return properties_; }
  // `/namespaces/{ns}` of a path: levels split at `.`, each encoded.
  [[nodiscard]] std::string NamespacePath(const std::string& ns) const;
  // The levels as one word of a query.
  [[nodiscard]] std::string NamespaceWord(const std::string& ns) const;
  [[nodiscard]] net::Transport& transport() { return *transport_; }
  [[nodiscard]] RestAuth& auth() { return *auth_; }
  [[nodiscard]] const RestCatalogOptions& options() const { return options_; }
  [[nodiscard]] const std::string& token_uri() const { return token_uri_; }
  [[nodiscard]] const std::string& uri() const { return options_.uri; }
  [[nodiscard]] bool vended_credentials() const { return options_.vended_credentials; }

 private:
  explicit RestClient(const RestCatalogOptions& options) : options_(options) {}
  Result<void> ReadConfig(const Call& call);
  Result<void> TakeConfig(const std::string& body);
  static Result<net::Response> SendOnce(const Call& call, const net::Request& request,
                                        net::Transport& transport, RestAuth& auth);

  RestCatalogOptions options_;
  std::unique_ptr<net::Transport> transport_;
  std::unique_ptr<RestAuth> auth_;
  std::string token_uri_;
  std::string prefix_;
  std::string separator_ = "%1F";
  std::set<std::string, std::less<>> endpoints_;
  std::map<std::string, std::string> properties_;
  bool keeps_keys_ = false;
};

}  // namespace firn::lake
