#include "ends/lake/catalog/table_auth.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "core/base/log.h"
#include "core/net/digest.h"
#include "ends/lake/catalog/rest_token.h"

namespace firn::lake {
namespace {

constexpr auto kRenewBefore = std::chrono::minutes(5);
constexpr std::string_view kAccessToken = "urn:ietf:params:oauth:token-type:access_token";
constexpr std::string_view kBearer = "Bearer ";
// In the order in which the reference client takes them.
constexpr const char* kTypes[] = {
    "urn:ietf:params:oauth:token-type:id_token", "urn:ietf:params:oauth:token-type:access_token",
    "urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:saml2",
    "urn:ietf:params:oauth:token-type:saml1"};

std::string Setting(const FileSettings& settings, const std::string& name) {
  const auto found = settings.find(name);
  return found == settings.end() ? "" : found->second;
}

// `exp` of a JWT (RFC 7519, section 4.1.4), which is not verified: it is not ours to.
std::optional<UtcMicros> EndOf(const std::string& token) {
  const size_t begin = token.find('.');
  const size_t end = begin == std::string::npos ? begin : token.find('.', begin + 1);
  if (end == std::string::npos) return {};
  const auto claims = FromBase64Url(token.substr(begin + 1, end - begin - 1));
  if (!claims) return {};
  const auto json = nlohmann::json::parse(*claims, nullptr, false);
  if (!json.is_object() || !json.contains("exp") || !json["exp"].is_number()) return {};
  const double seconds = json["exp"].get<double>();
  constexpr double kLatest = 253'402'300'799;  // the end of year 9999
  if (!(seconds >= 0 && seconds <= kLatest)) return {};
  return UtcMicros(std::chrono::seconds(static_cast<int64_t>(seconds)));
}

}  // namespace

bool BringsToken(const FileSettings& config) {
  if (!Setting(config, "token").empty()) return true;
  return std::any_of(std::begin(kTypes), std::end(kTypes),
                     [&](const char* type) { return !Setting(config, type).empty(); });
}

void TableAuth::Date(Held& held, std::optional<UtcMicros> end, UtcMicros now) {
  if (!end) return;
  const auto left = std::max<std::chrono::microseconds>(*end - now, {});
  held.ends_at = *end;
  held.renew_at = *end - std::min<std::chrono::microseconds>(kRenewBefore, left / 2);
}

void TableAuth::Take(const Call& call, const FileSettings& config) {
  Held held;
  held.state = State::kGiven;
  held.token = Secret(Setting(config, "token"));
  for (const char* type : kTypes) {
    if (!held.token.empty()) break;
    held.token = Secret(Setting(config, type));
    held.type = type;
    held.state = State::kToExchange;
  }
  if (held.token.empty()) return;
  if (held.state == State::kGiven) Date(held, EndOf(held.token.Reveal()), call.clock->Now());
  const std::string digest = net::Sha256(held.type + " " + held.token.Reveal());
  const std::lock_guard lock(mutex_);
  if (digest == given_) return;
  given_ = digest;
  held_ = std::move(held);
  ++taken_;
}

Secret TableAuth::Current(const Call& call) {
  std::unique_lock lock(mutex_);
  arrived_.wait(lock, [this] { return !exchanging_; });
  const UtcMicros now = call.clock->Now();
  if (held_.state == State::kLetGo) return {};
  if (held_.state == State::kGiven && now < held_.renew_at) return held_.token;
  // No lock is held while the server is asked.
  exchanging_ = true;
  const Held before = held_;
  const uint64_t taken = taken_;
  lock.unlock();
  auto fresh = Exchange(call, before);
  lock.lock();
  exchanging_ = false;
  arrived_.notify_all();
  if (taken != taken_) return held_.state == State::kGiven ? held_.token : Secret();
  if (fresh) {
    held_ = *std::move(fresh);
    return held_.token;
  }
  log::Warn("lake.table_token", {{"error", fresh.error().OneLine()}});
  if (held_.state == State::kGiven && now < held_.ends_at) {
    held_.renew_at = held_.ends_at;  // once is enough
    return held_.token;
  }
  held_.state = State::kLetGo;
  return {};
}

Result<TableAuth::Held> TableAuth::Exchange(const Call& call, const Held& held) const {
  const RestCatalogOptions& options = client_->options();
  TokenRequest wanted;
  wanted.uri = client_->token_uri();
  const bool first = held.state == State::kToExchange;
  wanted.form = {{"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
                 {"subject_token", held.token.Reveal()},
                 {"subject_token_type", first ? held.type : std::string(kAccessToken)}};
  if (!options.scope.empty()) wanted.form.emplace_back("scope", options.scope);
  if (first) {
    // Who asks for the table's token: the catalog's own session.
    net::Request session;
    FIRN_CHECK(client_->auth().Apply(call, session));
    wanted.authorization = session.headers.GetOr("Authorization", "");
    if (wanted.authorization.starts_with(kBearer)) {
      wanted.form.emplace_back("actor_token", wanted.authorization.substr(kBearer.size()));
      wanted.form.emplace_back("actor_token_type", std::string(kAccessToken));
    }
  } else {
    wanted.authorization = std::string(kBearer) + held.token.Reveal();
  }
  FIRN_TRY(FreshToken fresh, FetchToken(call, client_->transport(), wanted));
  Held next;
  next.state = State::kGiven;
  next.token = std::move(fresh.token);
  const UtcMicros now = call.clock->Now();
  std::optional<UtcMicros> end = EndOf(next.token.Reveal());
  if (fresh.life) end = now + *fresh.life;
  Date(next, end, now);
  return next;
}

Result<void> TableAuth::Apply(const Call& call, net::Request& request) {
  const Secret token = Current(call);
  if (token.empty()) return client_->auth().Apply(call, request);
  request.headers.Set("Authorization", std::string(kBearer) + token.Reveal());
  return {};
}

bool TableAuth::Refused(const Call& call, const net::Response& response) {
  {
    const std::lock_guard lock(mutex_);
    const bool held = held_.state != State::kLetGo;
    if (held && response.status == 403) return false;
    held_.state = State::kLetGo;
    if (held) return true;
  }
  return client_->auth().Refused(call, response);
}

}  // namespace firn::lake
