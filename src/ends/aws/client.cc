#include "ends/aws/client.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/net/http_date.h"
#include "ends/aws/internal/vendor_error.h"
#include "ends/aws/profile_file.h"

namespace firn::aws {
namespace {

constexpr int kAttemptsMax = 4;
constexpr int kRetryCost = 5;
constexpr int kTimeoutCost = 10;
constexpr auto kSkewMatters = std::chrono::minutes(4);
const Backoff kBackoff{std::chrono::milliseconds(100), std::chrono::seconds(20), kAttemptsMax};

}  // namespace

bool RetryTokens::Take(int tokens) {
  int left = left_.load();
  while (left >= tokens) {
    if (left_.compare_exchange_weak(left, left - tokens)) return true;
  }
  return false;
}

void RetryTokens::GiveBack(int tokens) {
  int left = left_.load();
  while (!left_.compare_exchange_weak(left, std::min(kMost, left + tokens))) {
  }
}

Result<std::string> AwsClient::Endpoint(const Service& service) const {
  const Environment& environment = parts_.environment;
  std::string url = environment.Get("AWS_ENDPOINT_URL_" + std::string(service.id));
  if (url.empty()) url = environment.Get("AWS_ENDPOINT_URL");
  if (url.empty()) {
    FIRN_TRY(const Profiles profiles, LoadProfiles(environment));
    const std::string name =
        parts_.profile.empty() ? environment.GetOr("AWS_PROFILE", "default") : parts_.profile;
    if (const Settings* settings = profiles.Find(name)) {
      const auto found = settings->find("endpoint_url");
      if (found != settings->end()) url = found->second;
    }
  }
  if (url.empty())
    url = fmt::format("https://{}.{}.amazonaws.com", service.endpoint, parts_.region);
  while (url.ends_with('/')) url.pop_back();
  return url;
}

void AwsClient::LearnClock(const Call& call, const net::Response& response) {
  const auto date = response.headers.Get("Date");
  if (!date) return;
  const auto theirs = net::ParseHttpDate(*date);
  if (!theirs) return;
  const auto ahead = std::chrono::duration_cast<std::chrono::seconds>(*theirs - call.clock->Now());
  skew_ = std::chrono::abs(ahead) > kSkewMatters ? ahead : std::chrono::seconds(0);
}

Result<void> AwsClient::Sign(const Call& call, const Service& service, net::Request& request) {
  if (parts_.signer != nullptr) return parts_.signer->Sign(call, parts_.region, request);
  FIRN_TRY(const Credentials credentials, parts_.credentials->Get(call));
  SignRequest(request, credentials,
              {.scope = {parts_.region, std::string(service.signing_name)},
               .now = call.clock->Now() + skew_.load()});
  return {};
}

void AwsClient::Forget() {
  if (parts_.signer != nullptr) {
    parts_.signer->Forget();
  } else {
    parts_.credentials->Forget();
  }
}

Result<net::Response> AwsClient::Send(const Call& call, const Service& service,
                                      net::Request request) {
  bool renewed = false;
  bool clock_tried = false;
  for (int attempt = 0;; ++attempt) {
    net::Request signed_request = request;
    FIRN_CHECK(Sign(call, service, signed_request));
    Result<net::Response> response = parts_.transport->Send(call, signed_request);
    int cost = kRetryCost;
    Error error(Kind::kInternal, "AWS-CALL-001", "");
    if (response) {
      if (response->status < 300) {
        tokens_.GiveBack(attempt == 0 ? 1 : kRetryCost);
        return response;
      }
      const VendorError vendor = ReadVendorError(*response);
      error = AsError(service.endpoint, *response, vendor);
      const bool ours = parts_.signer == nullptr;
      if (ours && IsClockSkew(vendor) && !std::exchange(clock_tried, true)) {
        const auto before = skew_.load();
        LearnClock(call, *response);
        if (skew_.load() != before) continue;
      }
      const bool ended = IsExpired(vendor) || (!ours && IsClockSkew(vendor));
      if (ended && !std::exchange(renewed, true)) {
        Forget();
        continue;
      }
    } else {
      error = std::move(response).error();
      if (error.kind() == Kind::kTimeout) cost = kTimeoutCost;
    }
    if (error.retry().when == Retry::When::kNever || !tokens_.Take(cost)) return Fail(error);
    FIRN_CHECK(WaitToRetry(call, kBackoff, attempt, std::move(error)));
  }
}

Result<std::string> AwsClient::CallJson(const Call& call, const Service& service,
                                        std::string_view target, const std::string& body) {
  net::Request request;
  request.method = "POST";
  FIRN_TRY(request.url, Endpoint(service));
  request.url += "/";
  request.headers.Set("Content-Type",
                      fmt::format("application/x-amz-json-{}", service.json_version));
  request.headers.Set("X-Amz-Target", std::string(target));
  request.body = body;
  FIRN_TRY(net::Response response, Send(call, service, std::move(request)));
  return std::move(response.body);
}

Result<net::Response> AwsClient::CallRest(const Call& call, const Service& service, RestCall rest) {
  net::Request request;
  request.method = rest.method;
  FIRN_TRY(request.url, Endpoint(service));
  request.url += rest.path;
  request.headers = std::move(rest.headers);
  request.body = std::move(rest.body);
  request.body_bytes_max = rest.bytes_max;
  return Send(call, service, std::move(request));
}

Result<std::string> AwsClient::CallQuery(const Call& call, const Service& service,
                                         const std::string& body) {
  net::Request request;
  request.method = "POST";
  FIRN_TRY(request.url, Endpoint(service));
  request.url += "/";
  request.headers.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  request.body = body;
  FIRN_TRY(net::Response response, Send(call, service, std::move(request)));
  return std::move(response.body);
}

}  // namespace firn::aws
