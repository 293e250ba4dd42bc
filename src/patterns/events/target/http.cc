// API destinations: HTTP endpoints with a connection's authorization and an invocation rate.
//
// Source: EventBridge User Guide, "API destinations" (headers, 5 s time-out, which status codes are
// tried again, Retry-After) and "Connections"; read 2026-11.
#include <fmt/format.h>

#include <charconv>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "core/net/http_date.h"
#include "patterns/events/target/kinds.h"

namespace firn::events {
namespace {

using nlohmann::ordered_json;

constexpr auto kTimeout = std::chrono::seconds(5);
constexpr uint64_t kAnswerBytesMax = 1U << 20;
constexpr std::string_view kNotInHeaders("\r\n\0", 3);
constexpr std::string_view kNoToken = "EVENT-HTTP-002";
constexpr auto kSecretLife = std::chrono::minutes(5);
constexpr auto kTokenMargin = std::chrono::seconds(30);
constexpr auto kTokenLife = std::chrono::minutes(30);  // of a token that does not say

// Hands out times for calls in a row, so many a second.
class TurnByTurn final : public CallRates {
 public:
  Result<void> Wait(const Call& call, const project::ApiDestination& destination) override {
    const auto step = std::chrono::duration_cast<SteadyTime::duration>(std::chrono::seconds(1)) /
                      destination.rate_per_second;
    SteadyTime mine;
    {
      const std::lock_guard lock(mutex_);
      SteadyTime& next = next_.emplace(destination.name, SteadyTime::min()).first->second;
      mine = std::max(next, call.clock->Steady());
      next = mine + step;
    }
    const auto wait = mine - call.clock->Steady();
    return wait.count() > 0 ? call.Sleep(wait) : Result<void>();
  }

 private:
  std::mutex mutex_;
  std::map<std::string, SteadyTime> next_;
};

// Secrets as they were resolved last, for a while: a secret of Secrets Manager is not asked for
// with every event. An endpoint that refuses the caller has them resolved anew.
class KeptSecrets final : public config::SecretResolver {
 public:
  explicit KeptSecrets(config::SecretResolver& source) : source_(source) {}
  Result<Secret> Resolve(const Call& call, const config::SecretRef& ref) override {
    const std::lock_guard lock(mutex_);
    const auto kept = kept_.find(ref.Text());
    if (kept != kept_.end() && call.clock->Steady() < kept->second.second)
      return kept->second.first;
    FIRN_TRY(Secret secret, source_.Resolve(call, ref));
    kept_[ref.Text()] = {secret, call.clock->Steady() + kSecretLife};
    return secret;
  }
  void Forget() {
    const std::lock_guard lock(mutex_);
    kept_.clear();
  }

 private:
  config::SecretResolver& source_;
  std::mutex mutex_;
  std::map<std::string, std::pair<Secret, SteadyTime>> kept_;
};

Result<std::string> ValueOf(const Call& call, const project::ConnectionValue& value,
                            config::SecretResolver& secrets) {
  if (value.secret.empty()) return value.text;
  FIRN_TRY(const Secret secret, secrets.Resolve(call, value.secret));
  return secret.Reveal();
}

using Values = std::vector<std::pair<std::string, std::string>>;
Result<Values> ValuesOf(const Call& call, const std::vector<project::ConnectionValue>& values,
                        config::SecretResolver& secrets) {
  Values found;
  for (const project::ConnectionValue& value : values) {
    FIRN_TRY(std::string text, ValueOf(call, value, secrets));
    found.emplace_back(value.name, std::move(text));
  }
  return found;
}

void AddQuery(const Values& query, std::string* url) {
  for (const auto& [name, value] : query) {
    *url += url->find('?') == std::string::npos ? '?' : '&';
    *url += PercentEncode(name) + "=" + PercentEncode(value);
  }
}

// The access token of an OAuth connection, kept until it is about to expire.
class Tokens {
 public:
  Tokens(const project::Connection& connection, net::Transport& transport,
         config::SecretResolver& secrets)
      : connection_(connection), transport_(transport), secrets_(secrets) {}

  Result<Secret> Get(const Call& call) {
    const std::lock_guard lock(mutex_);  // one caller fetches for all
    if (!token_.empty() && call.clock->Steady() < expires_) return token_;
    FIRN_TRY(const net::Response response, Ask(call));
    const auto answer = ordered_json::parse(response.body, nullptr, false);
    if (response.status >= 300 || !answer.is_object() || !answer.contains("access_token") ||
        !answer["access_token"].is_string()) {
      Error error(
          response.status >= 500 || response.status == 429 ? Kind::kUnreachable : Kind::kDenied,
          "EVENT-HTTP-002", "the connection got no access token");
      error = std::move(error)
                  .At("the AuthorizationEndpoint")
                  .Because(fmt::format("status {}", response.status))
                  .From({"oauth", response.status, "", ""});
      if (error.kind() == Kind::kUnreachable) error = std::move(error).RetryWithBackoff();
      return Fail(std::move(error));
    }
    token_ = Secret(answer["access_token"].get<std::string>());
    auto life = std::chrono::seconds(kTokenLife);
    if (answer.contains("expires_in") && answer["expires_in"].is_number()) {
      life = std::chrono::seconds(answer["expires_in"].get<int64_t>());
    }
    expires_ = call.clock->Steady() + std::max(life - kTokenMargin, std::chrono::seconds(1));
    return token_;
  }
  void Forget() {
    const std::lock_guard lock(mutex_);
    token_ = Secret();
  }

 private:
  Result<net::Response> Ask(const Call& call) {
    FIRN_TRY(const Secret client_secret, secrets_.Resolve(call, connection_.secret));
    FormFields form = {{"grant_type", "client_credentials"},
                       {"client_id", connection_.user},
                       {"client_secret", client_secret.Reveal()}};
    FIRN_TRY(const Values body, ValuesOf(call, connection_.token_body, secrets_));
    form.insert(form.end(), body.begin(), body.end());
    net::Request request;
    request.method = connection_.token_method;
    request.url = connection_.token_url;
    FIRN_TRY(Values query, ValuesOf(call, connection_.token_query, secrets_));
    FIRN_TRY(const Values headers, ValuesOf(call, connection_.token_headers, secrets_));
    for (const auto& [name, value] : headers) request.headers.Set(name, value);
    if (request.method == "GET") {
      query.insert(query.end(), form.begin(), form.end());
    } else {
      request.headers.Set("Content-Type", "application/x-www-form-urlencoded");
      request.body = FormEncode(form);
    }
    AddQuery(query, &request.url);
    request.body_bytes_max = kAnswerBytesMax;
    return transport_.Send(call.Within(kTimeout), request);
  }

  const project::Connection& connection_;
  net::Transport& transport_;
  config::SecretResolver& secrets_;
  std::mutex mutex_;
  Secret token_;
  SteadyTime expires_{};
};

// How long the endpoint asks to wait; negative: not at all again.
std::optional<std::chrono::milliseconds> RetryAfter(const Call& call,
                                                    const net::Response& response) {
  const auto header = response.headers.Get("Retry-After");
  if (!header) return std::nullopt;
  int64_t seconds = 0;
  const auto [end, failed] =
      std::from_chars(header->data(), header->data() + header->size(), seconds);
  if (failed == std::errc() && end == header->data() + header->size()) {
    return std::chrono::seconds(std::clamp<int64_t>(seconds, -1, 86'400));
  }
  const auto date = net::ParseHttpDate(*header);
  if (!date) return std::nullopt;
  return std::max(std::chrono::milliseconds(0),
                  std::chrono::duration_cast<std::chrono::milliseconds>(*date - call.clock->Now()));
}

bool IsTriedAgain(int status) {
  return status == 401 || status == 407 || status == 409 || status == 429 || status >= 500;
}

class HttpTarget final : public Target {
 public:
  HttpTarget(project::RuleTarget target, project::ApiDestination destination,
             const TargetParts& parts)
      : target_(std::move(target)),
        destination_(std::move(destination)),
        parts_(parts),
        secrets_(*parts.secrets),
        tokens_(destination_.connection, *parts.transport, secrets_) {}

  TargetLimits limits() const override { return {1, 1U << 20, true}; }

  Result<Outcomes> Deliver(const Call& call, std::span<const TargetEntry> entries) override {
    Outcomes outcomes;
    for (const TargetEntry& entry : entries) {
      auto done = Invoke(call, entry);
      outcomes.push_back(done ? std::optional<Error>() : std::move(done).error());
    }
    return outcomes;
  }

 private:
  std::string Where() const { return "API destination " + destination_.name; }

  Result<void> Invoke(const Call& call, const TargetEntry& entry) {
    const auto request = RequestOf(call, entry);
    if (!request) {
      // The client's secret may have been changed since it was resolved.
      if (request.error().code() == kNoToken) secrets_.Forget();
      return Fail(request.error());
    }
    FIRN_CHECK(parts_.rates->Wait(call, destination_));
    auto response = parts_.transport->Send(
        call.Within(target_.timeout.count() > 0 ? target_.timeout
                                                : std::chrono::milliseconds(kTimeout)),
        *request);
    if (!response) return Fail(Broken(std::move(response).error()));
    if (response->status >= 200 && response->status < 300) return {};
    if (response->status == 401 || response->status == 403 || response->status == 407) {
      tokens_.Forget();
      secrets_.Forget();
    }
    return Fail(Refused(call, *response));
  }

  // The transport's errors may name the URL, which may hold a key.
  Error Broken(const Error& error) const {
    Error mine = Error(error.kind(), "EVENT-HTTP-001", "the endpoint did not answer")
                     .At(Where())
                     .Because(error.kind() == Kind::kTimeout ? "it took too long"
                                                             : "`" + error.code() + "`");
    if (error.kind() == Kind::kCancelled) return error;
    return IsFinal(error) ? mine : std::move(mine).RetryWithBackoff();
  }

  Error Refused(const Call& call, const net::Response& response) const {
    const int status = response.status;
    const Kind kind = status == 429                                     ? Kind::kThrottled
                      : status == 401 || status == 403 || status == 407 ? Kind::kDenied
                      : status == 404 || status == 410                  ? Kind::kNotFound
                      : status >= 500 || status == 409                  ? Kind::kUnreachable
                                                                        : Kind::kBadInput;
    Error error = Error(kind, "EVENT-HTTP-001", "the endpoint refused the event")
                      .At(Where())
                      .Because(fmt::format("status {}", status))
                      .From({Where(), status, "", response.headers.GetOr("X-Request-Id", "")});
    if (!IsTriedAgain(status)) return error;
    const auto wait = RetryAfter(call, response);
    if (wait && wait->count() < 0) {
      return Error(Kind::kBadInput, "EVENT-HTTP-001", "the endpoint asks not to try again")
          .At(Where())
          .Because(fmt::format("status {}", status))
          .From({Where(), status, "", ""});
    }
    return wait ? std::move(error).RetryAfter(*wait) : std::move(error).RetryWithBackoff();
  }

  Result<net::Request> RequestOf(const Call& call, const TargetEntry& entry) {
    net::Request request;
    request.method = destination_.method;
    request.body_bytes_max = kAnswerBytesMax;
    FIRN_TRY(request.url, Url(entry));
    request.headers.Set("User-Agent", "Amazon/EventBridge/ApiDestinations");
    request.headers.Set("Content-Type", "application/json; charset=utf-8");
    for (const auto& [name, text] : target_.http.headers) {
      const auto value = TextOrPath(text, *entry.event);
      if (!value) return Fail(Missing(name));
      if (value->find_first_of(kNotInHeaders) != std::string::npos) return Fail(NoHeader(name));
      request.headers.Set(name, *value);
    }
    FIRN_TRY(const Values headers, ValuesOf(call, destination_.connection.headers, secrets_));
    for (const auto& [name, value] : headers) request.headers.Set(name, value);
    FIRN_TRY(const Values query, ValuesOf(call, destination_.connection.query, secrets_));
    AddQuery(query, &request.url);
    FIRN_TRY(request.body, Body(call, entry));
    FIRN_CHECK(Authorize(call, &request));
    return request;
  }

  // What stands behind a line break would be a header that the rule does not name.
  Error NoHeader(const std::string& name) const {
    return Error(Kind::kBadInput, "EVENT-HTTP-003", "a part of the event cannot be a header")
        .At(Where())
        .Because("what the path of `" + name + "` finds has a line break in it");
  }

  Error Missing(const std::string& name) const {
    return Error(Kind::kBadInput, "EVENT-TARGET-002", "the event lacks what the call needs")
        .At(Where())
        .Because("`" + name + "` of HttpParameters finds nothing in it");
  }

  Result<std::string> Url(const TargetEntry& entry) const {
    std::string url;
    size_t next = 0;
    for (const char c : destination_.endpoint) {
      if (c != '*' || next >= target_.http.path_values.size()) {
        url += c;
        continue;
      }
      const auto value = TextOrPath(target_.http.path_values[next++], *entry.event);
      if (!value) return Fail(Missing("PathParameterValues"));
      url += PercentEncode(*value);
    }
    Values query;
    for (const auto& [name, text] : target_.http.query) {
      const auto value = TextOrPath(text, *entry.event);
      if (!value) return Fail(Missing(name));
      query.emplace_back(name, *value);
    }
    AddQuery(query, &url);
    return url;
  }

  Result<std::string> Body(const Call& call, const TargetEntry& entry) {
    if (destination_.method == "GET" || destination_.method == "HEAD") return std::string();
    const auto& added = destination_.connection.body;
    if (added.empty()) return entry.input;
    FIRN_TRY(const Values values, ValuesOf(call, added, secrets_));
    const ordered_json input = ordered_json::parse(entry.input, nullptr, false);
    if (!input.is_object()) {
      return Fail(Error(Kind::kBadInput, "EVENT-TARGET-002",
                        "the connection's BodyParameters need an input that is a JSON object")
                      .At(Where()));
    }
    // Put behind the input's own members, so that its numbers keep their digits.
    std::string body = entry.input.substr(0, entry.input.rfind('}'));
    for (const auto& [name, value] : values) {
      if (input.contains(name)) continue;
      if (body.size() > 1) body += ',';
      body += ordered_json(name).dump() + ":" +
              ordered_json(value).dump(-1, ' ', false, ordered_json::error_handler_t::replace);
    }
    return body + "}";
  }

  Result<void> Authorize(const Call& call, net::Request* request) {
    const project::Connection& connection = destination_.connection;
    switch (connection.kind) {
      case project::Connection::Kind::kBasic: {
        FIRN_TRY(const Secret password, secrets_.Resolve(call, connection.secret));
        request->headers.Set("Authorization",
                             "Basic " + Base64(connection.user + ":" + password.Reveal()));
        return {};
      }
      case project::Connection::Kind::kApiKey: {
        FIRN_TRY(const Secret key, secrets_.Resolve(call, connection.secret));
        request->headers.Set(connection.user, key.Reveal());
        return {};
      }
      case project::Connection::Kind::kOAuth: {
        FIRN_TRY(const Secret token, tokens_.Get(call));
        request->headers.Set("Authorization", "Bearer " + token.Reveal());
        return {};
      }
      case project::Connection::Kind::kNone:
        break;
    }
    return {};
  }

  project::RuleTarget target_;
  project::ApiDestination destination_;
  TargetParts parts_;
  KeptSecrets secrets_;
  Tokens tokens_;
};

}  // namespace

std::shared_ptr<CallRates> NewCallRates() { return std::make_shared<TurnByTurn>(); }

MadeTarget NewHttpTarget(const project::RuleTarget& target, const TargetParts& parts) {
  const project::ApiDestination* destination = parts.rules->FindDestination(target.local);
  FIRN_ASSERT(destination != nullptr);
  return std::make_unique<HttpTarget>(target, *destination, parts);
}

}  // namespace firn::events
