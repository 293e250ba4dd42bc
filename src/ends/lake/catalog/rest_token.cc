#include "ends/lake/catalog/rest_token.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

#include "ends/lake/catalog/rest_reply.h"

namespace firn::lake {
namespace {

constexpr uint64_t kAnswerBytesMax = 1 << 20;
constexpr auto kRenewBefore = std::chrono::minutes(5);
// Of a server that does not say how long its tokens live.
constexpr auto kLifetimeUnsaid = std::chrono::hours(1);
constexpr int64_t kLifeMost = 10LL * 365 * 86'400;  // seconds
const Backoff kBackoff{std::chrono::milliseconds(200), std::chrono::seconds(5), 4};

class OAuthTokens final : public TokenSource {
 public:
  OAuthTokens(net::Transport& transport, const RestCatalogOptions& options, std::string uri)
      : transport_(transport), options_(options), uri_(std::move(uri)) {}

  Result<Secret> Get(const Call& call) override {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return !fetching_; });
    if (kept_ && call.clock->Steady() < kept_->renew_at) return kept_->token;
    fetching_ = true;
    lock.unlock();
    auto fresh = WithRetries(call, kBackoff, [&] { return Fetch(call); });
    lock.lock();
    fetching_ = false;
    arrived_.notify_all();
    if (fresh) {
      kept_ = *std::move(fresh);
      return kept_->token;
    }
    // Renewing early may fail where the old one still serves for a while.
    if (kept_ && call.clock->Steady() < kept_->ends_at) return kept_->token;
    return Fail(std::move(fresh).error());
  }

  void Forget() override {
    const std::lock_guard lock(mutex_);
    kept_.reset();
  }

 private:
  struct Kept {
    Secret token;
    SteadyTime renew_at;
    SteadyTime ends_at;
  };

  [[nodiscard]] FormFields Form() const {
    FormFields form;
    const std::string& credential = options_.credential.Reveal();
    if (!options_.subject_token.empty()) {
      form.emplace_back("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange");
      form.emplace_back("subject_token", options_.subject_token.Reveal());
      form.emplace_back("subject_token_type", options_.subject_token_type);
    } else {
      form.emplace_back("grant_type", "client_credentials");
    }
    if (!credential.empty()) {
      const size_t colon = credential.find(':');
      if (colon != std::string::npos) form.emplace_back("client_id", credential.substr(0, colon));
      form.emplace_back("client_secret",
                        colon == std::string::npos ? credential : credential.substr(colon + 1));
    }
    if (!options_.scope.empty()) form.emplace_back("scope", options_.scope);
    if (!options_.audience.empty()) form.emplace_back("audience", options_.audience);
    if (!options_.resource.empty()) form.emplace_back("resource", options_.resource);
    return form;
  }

  Result<Kept> Fetch(const Call& call) {
    const SteadyTime asked = call.clock->Steady();
    FIRN_TRY(FreshToken fresh,
             FetchToken(call, transport_, {.uri = uri_, .form = Form(), .authorization = ""}));
    const std::chrono::seconds life = fresh.life.value_or(kLifetimeUnsaid);
    Kept kept;
    kept.token = std::move(fresh.token);
    kept.ends_at = asked + life;
    kept.renew_at = kept.ends_at - std::min<std::chrono::nanoseconds>(kRenewBefore, life / 2);
    return kept;
  }

  net::Transport& transport_;
  RestCatalogOptions options_;
  std::string uri_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  bool fetching_ = false;
  std::optional<Kept> kept_;
};

}  // namespace

Result<FreshToken> FetchToken(const Call& call, net::Transport& transport,
                              const TokenRequest& wanted) {
  net::Request request;
  request.method = "POST";
  request.url = wanted.uri;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                     {"Accept", "application/json"}};
  if (!wanted.authorization.empty()) request.headers.Set("Authorization", wanted.authorization);
  request.body = FormEncode(wanted.form);
  request.body_bytes_max = kAnswerBytesMax;
  auto response = transport.Send(call, request);
  if (!response) return Fail(std::move(response).error().RetryWithBackoff());
  if (response->status != 200) return Fail(RestTokenError(*response, wanted.uri));
  const auto json = nlohmann::json::parse(response->body, nullptr, false);
  const bool usable = json.is_object() && json.value("access_token", nlohmann::json()).is_string();
  if (!usable)
    return Fail(Error(Kind::kCorrupt, "LAKE-REST-009", "the answer of the token server is no token")
                    .At(wanted.uri)
                    .Because("it has no `access_token`"));
  FreshToken fresh;
  fresh.token = Secret(json["access_token"].get<std::string>());
  const auto said = json.find("expires_in");
  if (said != json.end() && said->is_number())
    fresh.life = std::chrono::seconds(std::clamp<int64_t>(said->get<int64_t>(), 0, kLifeMost));
  return fresh;
}

std::unique_ptr<TokenSource> NewTokenSource(net::Transport& transport,
                                            const RestCatalogOptions& options,
                                            std::string token_uri) {
  return std::make_unique<OAuthTokens>(transport, options, std::move(token_uri));
}

}  // namespace firn::lake
