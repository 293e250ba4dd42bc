// AwsClient: one call of an AWS service: where it goes, whose it is, and how often it is tried.
//
// The endpoint is AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, the profile's `endpoint_url`, else
// the region's own. Throttled and broken calls are tried again with backoff out of a bucket of
// retry tokens that all calls of the client share, so that an outage is not answered with a storm;
// an answer that says our clock is wrong corrects it for all later calls. Any thread may call.
// Sources: AWS SDKs and Tools Reference Guide, "Retry behavior", "Service-specific endpoints";
// AWS JSON 1.1 and Query protocols as botocore speaks them; read 2026-11.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "core/base/call.h"
#include "core/net/client.h"
#include "ends/aws/credentials.h"
#include "ends/aws/environment.h"
#include "ends/aws/request_signer.h"

namespace firn::aws {

// What is known of a service; one constant each, in the service's own file.
struct Service {
  std::string_view id;                    // of AWS_ENDPOINT_URL_<ID>: `SECRETS_MANAGER`
  std::string_view endpoint;              // host's first part: `secretsmanager`
  std::string_view signing_name;          // `secretsmanager`
  std::string_view json_version = "1.1";  // of the services of the JSON protocol
};

// A call of a service of the REST protocols.
struct RestCall {
  std::string_view method;
  std::string path;  // percent-encoded, begins with `/`; may carry a query
  net::Headers headers;
  std::string body;
  uint64_t bytes_max = 64ULL << 20;  // of the answer
};

// The retry quota of the SDKs' standard mode: 500 tokens, 5 a retry (10 after a time-out), given
// back by success.
class RetryTokens {
 public:
  [[nodiscard]] bool Take(int tokens);
  void GiveBack(int tokens);
  [[nodiscard]] int left() const { return left_.load(); }

 private:
  static constexpr int kMost = 500;
  std::atomic<int> left_{kMost};
};

struct ClientParts {
  net::Transport* transport = nullptr;      // outlives the client
  CredentialSource* credentials = nullptr;  // likewise; not looked at with a `signer`
  RequestSigner* signer = nullptr;          // likewise; signs instead of us
  Environment environment = Environment::OfProcess();
  std::string profile;
  std::string region;
};

class AwsClient {
 public:
  explicit AwsClient(ClientParts parts) : parts_(std::move(parts)) {}

  // POSTs `body` to a JSON service (`target`: `secretsmanager.GetSecretValue`) and returns the
  // answer's text. Errors: Denied (AWS-CALL-002), NotFound (-005), Throttled (-003) after the
  // retries, Corrupt (-004), Conflict or BadInput (-001) with the vendor's code and request id in
  // Error::remote; those of the credential chain and of net.
  [[nodiscard]] Result<std::string> CallJson(const Call& call, const Service& service,
                                             std::string_view target, const std::string& body);
  // The same for a service of the Query protocol; `body` is a form, the answer XML.
  [[nodiscard]] Result<std::string> CallQuery(const Call& call, const Service& service,
                                              const std::string& body);
  // The same for a service of the REST protocols.
  [[nodiscard]] Result<net::Response> CallRest(const Call& call, const Service& service,
                                               RestCall rest);
  [[nodiscard]] const std::string& region() const { return parts_.region; }
  // How far AWS's clock is ahead of ours, as its answers showed.
  [[nodiscard]] std::chrono::seconds clock_skew() const { return skew_.load(); }

 private:
  Result<net::Response> Send(const Call& call, const Service& service, net::Request request);
  Result<void> Sign(const Call& call, const Service& service, net::Request& request);
  void Forget();
  Result<std::string> Endpoint(const Service& service) const;
  void LearnClock(const Call& call, const net::Response& response);

  ClientParts parts_;
  RetryTokens tokens_;
  std::atomic<std::chrono::seconds> skew_{std::chrono::seconds(0)};
};

}  // namespace firn::aws
