#include "ends/lake/catalog/remote_signer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ends/lake/catalog/rest_names.h"

namespace firn::lake {
namespace {

using Json = nlohmann::json;

// As the reference client keeps them; a signature is good for fifteen minutes.
constexpr auto kKeptFor = std::chrono::seconds(30);
constexpr size_t kKeptMax = 1000;
// The call of clients of before the spec had one of its own.
constexpr std::string_view kFirstEndpoint = "v1/aws/s3/sign";

std::string FirstOf(const FileSettings& settings, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto found = settings.find(name);
    if (found != settings.end() && !found->second.empty()) return found->second;
  }
  return "";
}

std::string HostOf(const std::string& url) {
  const size_t begin = url.find("://") + 3;
  return url.substr(begin, url.find_first_of("/?", begin) - begin);
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// Whether `words`, split at `separator` and with blanks around them, holds `word`.
bool Holds(const std::string& words, char separator, std::string_view word) {
  for (size_t at = 0; at <= words.size();) {
    const size_t end = std::min(words.find(separator, at), words.size());
    std::string_view one = std::string_view(words).substr(at, end - at);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one == word) return true;
    at = end + 1;
  }
  return false;
}

// `a;b` of `.. SignedHeaders=a;b, Signature=..`; empty for an address that is signed itself.
std::string SignedNames(const SignAnswer& answer) {
  constexpr std::string_view kName = "SignedHeaders=";
  const std::string header = answer.headers.GetOr("Authorization", "");
  const size_t begin = header.find(kName);
  if (begin == std::string::npos) return "";
  const size_t from = begin + kName.size();
  return Lower(header.substr(from, header.find_first_of(", ", from) - from));
}

// What was signed goes as it was signed. Others' headers, such as the range of whoever had the
// address signed first, are not ours.
Result<void> Apply(const SignAnswer& answer, net::Request& request) {
  if (request.url.starts_with("https://") && !answer.uri.starts_with("https://"))
    return Fail(Error(Kind::kCorrupt, "LAKE-REST-009", "the catalog's signature cannot be used")
                    .At(request.url.substr(0, 512))
                    .Because("it is for an address without TLS"));
  if (answer.uri != request.url) request.headers.Set("Host", HostOf(answer.uri));
  request.url = answer.uri;
  const std::string names = SignedNames(answer);
  for (const auto& [name, value] : answer.headers.all()) {
    const std::string lower = Lower(name);
    const bool part = lower == "authorization" || Holds(names, ';', lower);
    const bool of_aws = lower.starts_with("x-amz-") && !request.headers.Get(name);
    if (part || of_aws) request.headers.Set(name, value);
  }
  return {};
}

// Whether what was signed with `asked` is good for a request with `headers` too.
bool Serves(const SignAnswer& answer, const net::Headers& asked, const net::Headers& headers) {
  const std::string names = SignedNames(answer);
  for (const net::Headers* each : {&asked, &headers}) {
    for (const auto& [name, value] : each->all()) {
      if (Holds(names, ';', Lower(name)) && asked.Get(name) != headers.Get(name)) return false;
    }
  }
  return true;
}

std::string BodyOf(const net::Request& request, const std::string& region) {
  Json headers = Json::object();
  for (const auto& [name, value] : request.headers.all()) headers[name].push_back(value);
  return Json{{"region", region},
              {"uri", request.url},
              {"method", request.method},
              {"headers", std::move(headers)},
              {"provider", "s3"}}
      .dump();
}

}  // namespace

bool IsSignedRemotely(const FileSettings& settings) {
  return Lower(FirstOf(settings, {"s3.remote-signing-enabled"})) == "true";
}

Result<std::shared_ptr<RemoteSigner>> RemoteSigner::New(std::shared_ptr<RestClient> client,
                                                        std::shared_ptr<RestAuth> auth,
                                                        const FileSettings& settings) {
  std::string endpoint = FirstOf(settings, {"signer.endpoint", "s3.signer.endpoint"});
  if (endpoint.empty()) endpoint = kFirstEndpoint;
  const std::string base = FirstOf(settings, {"signer.uri", "s3.signer.uri"});
  std::string url = client->Resolve(endpoint, base);
  if (!client->IsOwn(url) && auth == nullptr)
    return Fail(
        Error(Kind::kBadConfig, "LAKE-REST-010", "the REST catalog cannot be used as configured")
            .At(client->uri())
            .Because("it wants requests signed at `" + url.substr(0, 200) +
                     "`, another host, and gives no token for it")
            .Hint("its owner can give tables a `token`, or sign at the catalog's address"));
  return std::shared_ptr<RemoteSigner>(
      new RemoteSigner(std::move(client), std::move(auth), std::move(url)));
}

Result<void> RemoteSigner::Sign(const Call& call, const std::string& region,
                                net::Request& request) {
  request.headers.Set("Host", HostOf(request.url));
  // The signer sees no body, so that it can vouch for none.
  request.headers.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD");
  const bool reads = request.method == "GET" || request.method == "HEAD";
  const std::string key = request.method + " " + region + " " + request.url;
  if (reads) {
    if (const auto known = Find(call, key, request.headers)) return Apply(*known, request);
  }
  auto response = client_->SendTo(call,
                                  {.endpoint = rest::kSign,
                                   .path = "",
                                   .body = BodyOf(request, region),
                                   .reads = true,
                                   .auth = auth_.get()},
                                  url_);
  if (!response)
    return Fail(std::move(response).error().Doing("having a request for " +
                                                  request.url.substr(0, 512) + " signed"));
  FIRN_TRY(SignAnswer answer, ReadSignAnswer(response->body));
  const std::string cached = Lower(response->headers.GetOr("Cache-Control", ""));
  const bool may_keep = Holds(cached, ',', "private") && !Holds(cached, ',', "no-cache") &&
                        !Holds(cached, ',', "no-store");
  if (reads && may_keep)
    Keep(call, key, {request.headers, answer, call.clock->Steady() + kKeptFor});
  return Apply(answer, request);
}

std::optional<SignAnswer> RemoteSigner::Find(const Call& call, const std::string& key,
                                             const net::Headers& headers) {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(key);
  if (found == kept_.end() || found->second.ends <= call.clock->Steady()) return {};
  if (!Serves(found->second.answer, found->second.asked, headers)) return {};
  return found->second.answer;
}

void RemoteSigner::Keep(const Call& call, const std::string& key, Kept kept) {
  const std::lock_guard lock(mutex_);
  if (kept_.size() >= kKeptMax) {
    const SteadyTime now = call.clock->Steady();
    std::erase_if(kept_, [&](const auto& item) { return item.second.ends <= now; });
    if (kept_.size() >= kKeptMax) kept_.clear();
  }
  kept_.insert_or_assign(key, std::move(kept));
}

void RemoteSigner::Forget() {
  const std::lock_guard lock(mutex_);
  kept_.clear();
}

}  // namespace firn::lake
