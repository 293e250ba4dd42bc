#include "ends/lake/catalog/rest_client.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "ends/lake/catalog/rest_names.h"
#include "ends/lake/catalog/rest_reply.h"

namespace firn::lake {
namespace {

using Json = nlohmann::json;

constexpr int kAuthenticationTimeout = 419;  // the spec's, of a sign-in that has ended
constexpr auto kIdle = std::chrono::seconds(60);
constexpr uint64_t kAnswerBytesMax = 512ULL << 20;  // metadata of a table, as a file may have
const Backoff kBackoff{std::chrono::milliseconds(200), std::chrono::seconds(20), 6};

// Of a catalog that does not list what it offers (spec, "CatalogConfig": `endpoints`).
constexpr std::string_view kDefaultEndpoints[] = {
    rest::kListNamespaces, rest::kCreateNamespace, rest::kLoadNamespace, rest::kListTables,
    rest::kCreateTable,    rest::kLoadTable,       rest::kUpdateTable,   rest::kDropTable,
    rest::kRenameTable,    rest::kRegisterTable,
};

std::string Plain(const std::string& uri) {
  std::string out = uri;
  while (out.ends_with('/')) out.pop_back();
  if (out.ends_with("/v1")) out.resize(out.size() - 3);
  return out;
}

// `https://host:port` of a URI.
std::string Origin(const std::string& uri) {
  const size_t slashes = uri.find("://");
  if (slashes == std::string::npos) return uri;
  return uri.substr(0, uri.find('/', slashes + 3));
}

Error BadConfig(const std::string& uri, std::string why) {
  return Error(Kind::kBadConfig, "LAKE-REST-010", "the REST catalog cannot be used as configured")
      .At(uri)
      .Because(std::move(why));
}

Error NoCatalog(const std::string& uri, std::string why) {
  return Error(Kind::kCorrupt, "LAKE-REST-009", "the answer is not that of a catalog")
      .At(uri)
      .Because(std::move(why))
      .Hint("`lake.rest.uri` is the address of an Iceberg REST catalog, without `/v1`");
}

bool IsGet(std::string_view method) { return method == "GET" || method == "HEAD"; }

// Whether the same request may be sent again after this.
bool MayRepeat(const RestCall& rest, const Error& error) {
  if (error.code() == "NET-HTTP-001" || error.remote().status == 429) return true;
  const bool passing = error.remote().status >= 500 || error.kind() == Kind::kUnreachable ||
                       error.kind() == Kind::kTimeout;
  return passing && !rest.once;
}

}  // namespace

Result<std::unique_ptr<RestClient>> RestClient::Open(const Call& call,
                                                     const RestCatalogOptions& options) {
  std::unique_ptr<RestClient> client(new RestClient(options));
  RestCatalogOptions& own = client->options_;
  if (!own.uri.starts_with("http://") && !own.uri.starts_with("https://"))
    return Fail(BadConfig(own.uri, "its `uri` begins with `http://` or `https://`"));
  own.uri = Plain(own.uri);
  net::ClientOptions http;
  http.ca_file = own.ca_file;
  http.proxy = own.proxy;
  FIRN_TRY(client->transport_, net::NewHttpClient(http));
  client->token_uri_ =
      own.oauth2_server_uri.empty() ? own.uri + "/v1/oauth/tokens" : own.oauth2_server_uri;
  FIRN_TRY(client->auth_, NewRestAuth(*client->transport_, own, client->token_uri_));
  FIRN_CHECK(client->ReadConfig(call));
  return client;
}

Result<void> RestClient::ReadConfig(const Call& call) {
  std::string url = options_.uri + "/v1/config";
  if (!options_.warehouse.empty()) url += "?warehouse=" + PercentEncode(options_.warehouse);
  auto response = SendTo(call, {.endpoint = "GET /v1/config", .path = ""}, url);
  if (!response) {
    const bool elsewhere =
        response.error().remote().status == 404 || response.error().remote().status == 400;
    Error error = std::move(response).error().Doing("reading the config of the catalog");
    if (elsewhere)
      error = std::move(error).Hint(
          "check `lake.rest.uri` (the address without `/v1`) and `lake.rest.warehouse`");
    return Fail(std::move(error));
  }
  return TakeConfig(response->body);
}

Result<void> RestClient::TakeConfig(const std::string& body) {
  const Json config = Json::parse(body, nullptr, false);
  if (!config.is_object()) return Fail(NoCatalog(options_.uri, "its config is no JSON object"));
  for (const char* part : {"defaults", "overrides"}) {
    const auto found = config.find(part);
    if (found == config.end() || !found->is_object()) continue;
    for (const auto& [name, value] : found->items()) {
      if (value.is_string()) properties_[name] = value.get<std::string>();
    }
  }
  if (const std::string uri = Property("uri"); !uri.empty() && Origin(uri) != Origin(options_.uri))
    // Whoever can change the config of a catalog must not get our credential sent elsewhere.
    return Fail(BadConfig(options_.uri, "it wants to be asked at `" + uri.substr(0, 200) + "`")
                    .Hint("if that is right, put that address in `lake.rest.uri`"));
  if (const std::string uri = Property("uri"); !uri.empty()) options_.uri = Plain(uri);
  const std::string prefix = Property("prefix");
  for (size_t at = 0; at < prefix.size();) {
    const size_t end = std::min(prefix.find('/', at), prefix.size());
    const std::string part = prefix.substr(at, end - at);
    if (part == "." || part == "..") return Fail(BadConfig(options_.uri, "its prefix has `..`"));
    at = end + 1;
  }
  if (!prefix.empty()) prefix_ = "/" + prefix;
  if (const std::string separator = Property("namespace-separator"); !separator.empty())
    separator_ = separator;
  const auto lifetime = config.find("idempotency-key-lifetime");
  keeps_keys_ = lifetime != config.end() && lifetime->is_string();
  const auto offered = config.find("endpoints");
  if (offered != config.end() && offered->is_array() && !offered->empty()) {
    for (const Json& endpoint : *offered) {
      if (endpoint.is_string()) endpoints_.insert(endpoint.get<std::string>());
    }
  } else {
    for (const std::string_view endpoint : kDefaultEndpoints) endpoints_.emplace(endpoint);
  }
  return {};
}

std::string RestClient::Property(const std::string& name) const {
  const auto found = properties_.find(name);
  return found == properties_.end() ? "" : found->second;
}

Result<net::Response> RestClient::Send(const Call& call, const RestCall& rest) {
  if (!Offers(rest.endpoint))
    return Fail(Error(Kind::kUnsupported, "LAKE-REST-006", "the catalog does not offer this")
                    .At(options_.uri)
                    .Because("its config does not list `" + std::string(rest.endpoint) + "`"));
  return SendTo(call, rest, UrlOf(rest.path));
}

Result<net::Response> RestClient::SendTo(const Call& call, const RestCall& rest,
                                         const std::string& url) {
  net::Request request;
  request.method = rest.endpoint.substr(0, rest.endpoint.find(' '));
  request.url = url;
  request.headers = rest.headers;
  for (const auto& [name, value] : options_.headers) request.headers.Set(name, value);
  request.headers.Set("Accept", "application/json");
  if (!rest.body.empty()) request.headers.Set("Content-Type", "application/json");
  if (keeps_keys_ && !IsGet(request.method) && !rest.reads)
    request.headers.Set("Idempotency-Key",
                        rest.idempotency_key.empty() ? NewTimedUuid(call) : rest.idempotency_key);
  request.body = rest.body;
  request.idle_timeout = kIdle;
  request.body_bytes_max = kAnswerBytesMax;
  for (int attempt = 0;; ++attempt) {
    auto response =
        SendOnce(call, request, *transport_, rest.auth == nullptr ? *auth_ : *rest.auth);
    if (response && (response->status / 100 == 2 || response->status == 304)) return response;
    Error error = response
                      ? RestError(*response, std::string(rest.endpoint) + " at " + options_.uri)
                      : std::move(response).error();
    if (!MayRepeat(rest, error)) return Fail(std::move(error));
    if (error.retry().when == Retry::When::kNever) error = std::move(error).RetryWithBackoff();
    FIRN_CHECK(WaitToRetry(call, kBackoff, attempt, std::move(error)));
  }
}

Result<net::Response> RestClient::SendOnce(const Call& call, const net::Request& request,
                                           net::Transport& transport, RestAuth& auth) {
  net::Request own = request;
  FIRN_CHECK(auth.Apply(call, own));
  auto response = transport.Send(call, own);
  const bool refused = response && (response->status == 401 || response->status == 403 ||
                                    response->status == kAuthenticationTimeout);
  if (!refused || !auth.Refused(call, *response)) return response;
  net::Request again = request;
  FIRN_CHECK(auth.Apply(call, again));
  return transport.Send(call, again);
}

std::string RestClient::Resolve(const std::string& endpoint, const std::string& base) const {
  if (endpoint.starts_with("http://") || endpoint.starts_with("https://")) return endpoint;
  std::string url = base.empty() ? options_.uri : base;
  while (url.ends_with('/')) url.pop_back();
  return url + (endpoint.starts_with('/') ? "" : "/") + endpoint;
}

bool RestClient::IsOwn(const std::string& url) const { return Origin(url) == Origin(options_.uri); }

std::string RestClient::NamespaceWord(const std::string& ns) const {
  std::string out;
  for (const std::string& level : NamespaceLevels(ns)) {
    if (!out.empty()) out += separator_;
    out += PercentEncode(level);
  }
  return out;
}

std::string RestClient::NamespacePath(const std::string& ns) const {
  return "/namespaces/" + NamespaceWord(ns);
}

}  // namespace firn::lake
