// An org made of a function, for tests: every request is handed to `answer`, written down, and its
// answer is served whole or as a stream. No network, no time.
#pragma once

#include <algorithm>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/net/client.h"
#include "ends/salesforce/org.h"

namespace firn::salesforce::testing {

inline Call TestCall(Clock& clock) {
  static const std::unique_ptr<Random> random = SeededRandom(7);
  Call call;
  call.clock = &clock;
  call.random = random.get();
  return call;
}

class TextStream final : public net::BodyStream {
 public:
  TextStream(std::string text, std::optional<Error> breaks_with = {})
      : text_(std::move(text)), breaks_with_(std::move(breaks_with)) {}
  Result<std::string> Read(size_t bytes_max) override {
    if (at_ == text_.size() && breaks_with_) return Fail(*breaks_with_);
    const std::string piece = text_.substr(at_, std::min<size_t>(bytes_max, 7));
    at_ += piece.size();
    return piece;
  }

 private:
  const std::string text_;
  const std::optional<Error> breaks_with_;
  size_t at_ = 0;
};

class ScriptedTransport final : public net::Transport {
 public:
  using Script = std::function<Result<net::Response>(const net::Request&)>;
  explicit ScriptedTransport(Script script = {}) : script_(std::move(script)) {}

  Result<net::Response> Send(const Call&, const net::Request& request) override {
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    return script_(request);
  }
  Result<net::StreamedResponse> Open(const Call& call, const net::Request& request) override {
    auto whole = Send(call, request);
    if (!whole) return Fail(std::move(whole).error());
    return net::StreamedResponse{
        whole->status, whole->headers,
        std::make_unique<TextStream>(std::move(whole->body), body_breaks_with)};
  }
  void Start(const Call& call, net::Request request,
             std::function<void(Result<net::Response>)> done) override {
    done(Send(call, request));
  }

  void set_script(Script script) { script_ = std::move(script); }
  [[nodiscard]] std::vector<net::Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  // Requests whose URL holds `part`.
  [[nodiscard]] int Count(std::string_view part) const {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(std::count_if(
        requests_.begin(), requests_.end(),
        [&](const net::Request& request) { return request.url.find(part) != std::string::npos; }));
  }

  std::optional<Error> body_breaks_with;  // at the end of every streamed body

 private:
  Script script_;
  mutable std::mutex mutex_;
  std::vector<net::Request> requests_;
};

inline net::Response Answer(int status, std::string body, net::Headers headers = {}) {
  return {status, std::move(headers), std::move(body), "1.1"};
}
inline net::Response VendorRefusal(int status, const std::string& code,
                                   const std::string& message) {
  return Answer(status, R"([{"message":")" + message + R"(","errorCode":")" + code + R"("}])");
}
inline Error ConnectionBroke() {
  return Error(Kind::kUnreachable, "NET-HTTP-002", "the connection broke");
}

inline constexpr const char* kOrgId = "00D000000000062EAA";
inline const UtcMicros kTestStart{std::chrono::seconds(1'795'000'000)};

inline bool Has(const net::Request& request, std::string_view part) {
  return request.url.find(part) != std::string::npos;
}

inline net::Response TokenAnswerOf(const std::string& token) {
  return Answer(200,
                R"({"access_token":")" + token +
                    R"(","instance_url":"https://acme.my.salesforce.com","id":)"
                    R"("https://login.salesforce.com/id/00D000000000062EAA/005000000000001AAA",)"
                    R"("token_type":"Bearer","issued_at":"1795000000000"})");
}

// An org that signs in by client credentials with tokens `T1`, `T2` .., offers versions 60 to 67,
// has `calls_max` calls a day of which it counts what it sees, and leaves the rest to `other`.
class SmallOrg {
 public:
  explicit SmallOrg(ScriptedTransport::Script other, int64_t calls_max = 15'000)
      : other_(std::move(other)), calls_max_(calls_max) {
    transport.set_script([this](const net::Request& request) { return Serve(request); });
  }

  OrgOptions Options() const {
    OrgOptions options;
    options.name = "prod";
    options.sign_in.kind = SignIn::Kind::kClientCredentials;
    options.sign_in.login_url = "https://acme.my.salesforce.com";
    options.sign_in.client_id = "3MVG9.key";
    options.sign_in.client_secret = Secret("shh");
    options.api_version = "66.0";
    return options;
  }

  Result<std::unique_ptr<Org>> Open(const OrgOptions& options, BudgetStore* store = nullptr) {
    OrgParts parts;
    parts.transport = &transport;
    parts.budget_store = store;
    parts.describe_cache = describe_cache;
    return Org::Open(TestCall(clock), options, parts);
  }
  Result<std::unique_ptr<Org>> Open() { return Open(Options()); }
  Call call() { return TestCall(clock); }

  ManualClock clock{kTestStart};
  ScriptedTransport transport;
  DescribeCache* describe_cache = nullptr;
  std::atomic<int64_t> calls_used{0};
  std::atomic<int> tokens_given{0};
  std::atomic<int64_t> jobs_used{0};
  std::atomic<int64_t> highest_used{0};

 private:
  Result<net::Response> Serve(const net::Request& request) {
    if (Has(request, "/services/oauth2/token")) {
      return TokenAnswerOf("T" + std::to_string(++tokens_given));
    }
    if (request.url.ends_with("/services/data")) {
      std::string list;
      for (int version = 60; version <= 67; ++version) {
        list += (list.empty() ? "" : ",") + std::string(R"({"label":"x","url":"/services/data/v)") +
                std::to_string(version) + R"(.0","version":")" + std::to_string(version) +
                R"(.0"})";
      }
      return Answer(200, "[" + list + "]");
    }
    const int64_t used = ++calls_used;
    Result<net::Response> answer =
        Has(request, "/limits")
            ? Answer(200, R"({"DailyApiRequests":{"Max":)" + std::to_string(calls_max_) +
                              R"(,"Remaining":)" + std::to_string(calls_max_ - used) +
                              R"(},"DailyBulkV2QueryJobs":{"Max":10000,"Remaining":)" +
                              std::to_string(10'000 - jobs_used.load()) + "}}")
            : other_(request);
    if (answer) {
      answer->headers.Set("Sforce-Limit-Info",
                          "api-usage=" + std::to_string(used) + "/" + std::to_string(calls_max_));
    }
    return answer;
  }

  ScriptedTransport::Script other_;
  const int64_t calls_max_;
};

}  // namespace firn::salesforce::testing
