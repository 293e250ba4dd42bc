#include "ends/lake/catalog/rest_auth.h"

#include "core/net/http_date.h"
#include "ends/aws/credentials.h"
#include "ends/aws/sigv4.h"
#include "ends/lake/catalog/rest_token.h"

namespace firn::lake {
namespace {

class NoAuth final : public RestAuth {
 public:
  Result<void> Apply(const Call&, net::Request&) override { return {}; }
  bool Refused(const Call&, const net::Response&) override { return false; }
};

class BearerAuth final : public RestAuth {
 public:
  explicit BearerAuth(Secret token) : token_(std::move(token)) {}
  Result<void> Apply(const Call&, net::Request& request) override {
    request.headers.Set("Authorization", "Bearer " + token_.Reveal());
    return {};
  }
  bool Refused(const Call&, const net::Response&) override { return false; }

 private:
  Secret token_;
};

class TokenAuth final : public RestAuth {
 public:
  explicit TokenAuth(std::unique_ptr<TokenSource> tokens) : tokens_(std::move(tokens)) {}
  Result<void> Apply(const Call& call, net::Request& request) override {
    FIRN_TRY(const Secret token, tokens_->Get(call));
    request.headers.Set("Authorization", "Bearer " + token.Reveal());
    return {};
  }
  bool Refused(const Call&, const net::Response& response) override {
    if (response.status != 401) return false;
    tokens_->Forget();
    return true;
  }

 private:
  std::unique_ptr<TokenSource> tokens_;
};

class SignedAuth final : public RestAuth {
 public:
  SignedAuth(net::Transport& transport, std::string region, std::string service)
      : chain_(aws::NewCredentialChain(transport, {})),
        region_(std::move(region)),
        service_(std::move(service)) {}

  Result<void> Apply(const Call& call, net::Request& request) override {
    FIRN_TRY(const aws::Credentials credentials, chain_->Get(call));
    aws::SigningOptions options;
    options.scope = {region_, service_};
    options.now = call.clock->Now() + skew_.load();
    (void)aws::SignRequest(request, credentials, options);
    return {};
  }

  bool Refused(const Call& call, const net::Response& response) override {
    if (response.status != 401 && response.status != 403) return false;
    const auto theirs = net::ParseHttpDate(response.headers.GetOr("Date", ""));
    constexpr auto kMatters = std::chrono::minutes(4);
    const auto ahead = theirs ? std::chrono::duration_cast<std::chrono::seconds>(
                                    *theirs - call.clock->Now() - skew_.load())
                              : std::chrono::seconds(0);
    if (std::chrono::abs(ahead) > kMatters) {
      skew_ = skew_.load() + ahead;
      return true;
    }
    // Temporary keys may have ended early, or been taken back.
    const bool expired = response.body.find("ExpiredToken") != std::string::npos ||
                         response.body.find("UnrecognizedClient") != std::string::npos;
    if (expired) chain_->Forget();
    return expired;
  }

 private:
  std::unique_ptr<aws::CredentialSource> chain_;
  std::string region_;
  std::string service_;
  std::atomic<std::chrono::seconds> skew_{std::chrono::seconds(0)};
};

}  // namespace

Result<std::unique_ptr<RestAuth>> NewRestAuth(net::Transport& transport,
                                              const RestCatalogOptions& options,
                                              const std::string& token_uri) {
  if (!options.signing_name.empty()) {
    std::string region = options.signing_region;
    if (region.empty()) {
      FIRN_TRY(region, aws::FindRegion(aws::Environment::OfProcess(), ""));
    }
    return std::make_unique<SignedAuth>(transport, region, options.signing_name);
  }
  if (!options.token.empty()) return std::make_unique<BearerAuth>(options.token);
  if (options.subject_token.empty() && options.credential.empty())
    return std::make_unique<NoAuth>();
  return std::make_unique<TokenAuth>(NewTokenSource(transport, options, token_uri));
}

}  // namespace firn::lake
