// Connection: the one place where a request meets session, budget, retries and the vendor's errors.
// Private to the room; used by any number of threads.
//
// Each request reserves its call before it is sent, hands the answer's headers back to the budget,
// renews the session at most once, and is repeated only when that cannot do anything twice.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "core/base/metrics.h"
#include "core/net/client.h"
#include "ends/salesforce/auth.h"
#include "ends/salesforce/internal/vendor_error.h"
#include "ends/salesforce/limits.h"

namespace firn::salesforce {

// The longest address asked for: the org's limit of 16,384 bytes counts the headers too.
inline constexpr size_t kUriBytesMax = 12'000;

struct ApiRequest {
  std::string method = "GET";
  // `/services/data/..` with its query, or an absolute address on the session's own host.
  std::string address;
  net::Headers headers;
  std::string body;
  bool repeatable = true;  // doing it twice is as good as once
  bool own_connection = false;
  std::chrono::milliseconds idle_timeout{60'000};
  uint64_t body_bytes_max = 256ULL << 20;  // inflated
  // Statuses besides 2xx that are answers, not errors.
  std::vector<int> also_good;
  bool is_bulk = false;  // errors are read as Bulk's
  bool is_look = false;  // `/limits`: may use the calls kept back for looking
};

struct ApiAnswer {
  int status = 0;
  net::Headers headers;
  std::string body;  // inflated
};

class Connection {
 public:
  struct Parts {
    std::string org;  // the project's name for it, for messages
    net::Transport* transport = nullptr;
    TokenSource* tokens = nullptr;
    Budget* budget = nullptr;
    Counter* calls = nullptr;  // may be null
    Backoff backoff;
    std::chrono::milliseconds request_timeout{120'000};
  };
  explicit Connection(Parts parts) : parts_(std::move(parts)) {}

  [[nodiscard]] Result<ApiAnswer> Send(const Call& call, const ApiRequest& request);
  // As Send, but the body is still to be read, as it came over the wire. request_timeout counts to
  // the header only.
  [[nodiscard]] Result<net::StreamedResponse> Open(const Call& call, const ApiRequest& request);

  [[nodiscard]] const std::string& org() const { return parts_.org; }
  [[nodiscard]] TokenSource& tokens() { return *parts_.tokens; }
  [[nodiscard]] Budget& budget() { return *parts_.budget; }
  [[nodiscard]] net::Transport& transport() { return *parts_.transport; }
  // What the org's clock showed at the last answer minus what ours showed: add it to our time to
  // compare with the org's.
  [[nodiscard]] std::chrono::seconds clock_offset() const {
    return std::chrono::seconds(clock_offset_s_.load());
  }

 private:
  struct Failed {
    Error error;
    bool session_expired = false;
    bool nothing_happened = false;  // the org refused before doing anything
  };
  template <typename Answer, typename Once>
  [[nodiscard]] Result<Answer> Repeat(const Call& call, const ApiRequest& request, Once once);
  [[nodiscard]] Result<net::Request> Prepare(const Session& session,
                                             const ApiRequest& request) const;
  // Hands the answer's headers to the budget; nothing when the transport failed.
  [[nodiscard]] Result<void> Account(const Call& call, const Reservation& reservation,
                                     const net::Headers* headers);
  [[nodiscard]] Failed FromTransport(Error error) const;
  [[nodiscard]] Failed FromStatus(const ApiRequest& request, int status,
                                  const net::Headers& headers, std::string_view body) const;

  const Parts parts_;
  std::atomic<int64_t> clock_offset_s_{0};
};

// Salesforce's `/services/data/vX` with the version without `v`.
[[nodiscard]] std::string DataPath(const std::string& version);

}  // namespace firn::salesforce
