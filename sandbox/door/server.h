// Sandbox: a whole local Salesforce org behind HTTP, in this process.
//
// Opens (or makes) the org in a folder and serves OAuth, REST, Bulk API 2.0 query and its own admin
// endpoints on a plain port and a TLS port, until it is destroyed. Used by `firn sandbox up` and by
// tests in-process. Methods may be called from any thread. It binds loopback unless told otherwise
// and never calls out.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/random.h"
#include "sandbox/allotment.h"
#include "sandbox/org.h"

namespace firn::sandbox {

struct SandboxOptions {
  std::string folder;  // made with mode 0700 when it is not there
  std::string address = "127.0.0.1";
  uint16_t http_port = 0;  // 0: any free one
  uint16_t tls_port = 0;
  bool tls = true;
  uint16_t proxy_port = 0;  // of the CONNECT proxy that leads Salesforce hosts to the TLS port
  bool proxy = true;        // needs TLS
  bool pubsub = true;       // the Pub/Sub API, on a plain port and with TLS on one more
  uint16_t pubsub_port = 0;
  uint16_t pubsub_tls_port = 0;
  uint64_t seed = 42;
  // A new org is filled with data of this scale (1 = about 100,000 records); nothing or 0: it
  // stays empty but for its users and profiles. An org that is there keeps what it has.
  std::optional<double> scale;
  std::vector<std::string> object_yaml;  // the user's own objects and fields, as Org takes them
  Clock* clock = &SystemClock();
  Random* random = &SystemRandom();
  std::optional<DailyLimits> limits;  // nothing: those kept in the folder, else the defaults
  int request_threads = 16;
  int job_threads = 2;
  uint64_t bulk_page_rows = 50'000;           // of a Bulk result page when the client does not ask
  std::chrono::milliseconds job_time_min{0};  // a Bulk job runs at least so long
};

class Sandbox {
 public:
  // Errors: Conflict when a port or the folder is taken; BadConfig; Corrupt.
  [[nodiscard]] static Result<std::unique_ptr<Sandbox>> Start(SandboxOptions options);
  virtual ~Sandbox() = default;  // drains the doors, finishes or parks jobs, flushes

  [[nodiscard]] virtual std::string http_url() const = 0;  // `http://127.0.0.1:8080`
  [[nodiscard]] virtual std::string tls_url() const = 0;   // `https://localhost:8443`; empty: off
  // For HTTPS_PROXY; empty: off.
  [[nodiscard]] virtual std::string proxy_url() const = 0;
  // `127.0.0.1:7443` in clear, `localhost:7444` with TLS; empty: off.
  [[nodiscard]] virtual std::string pubsub_endpoint() const = 0;
  [[nodiscard]] virtual std::string pubsub_tls_endpoint() const = 0;
  [[nodiscard]] virtual std::string ca_file() const = 0;  // PEM; empty without TLS
  // The first connected app and an administrator that it may sign in.
  [[nodiscard]] virtual std::string client_id() const = 0;
  [[nodiscard]] virtual std::string client_secret() const = 0;
  [[nodiscard]] virtual std::string key_file() const = 0;  // PEM private key of that app
  [[nodiscard]] virtual std::string username() const = 0;
  [[nodiscard]] virtual Org& org() = 0;

  // Adds faults (docs/guides/sandbox-faults.md): one JSON object or a list of them. Errors:
  // BadInput (SBX-FAULT-001).
  [[nodiscard]] virtual Result<void> AddFaults(std::string_view json) = 0;
  virtual void ClearFaults() = 0;
  // An access token for the administrator, for tests that are not about sign-in.
  [[nodiscard]] virtual Result<std::string> NewAccessToken() = 0;
  // A refresh token of the first app for the administrator.
  [[nodiscard]] virtual Result<std::string> NewRefreshToken() = 0;
  // Sets `Used` of an allotment, e.g. to come near a limit.
  virtual void SetUsed(Allotment allotment, int64_t used) = 0;
  // True once somebody asked it to stop (`firn sandbox down`); its owner then destroys it.
  [[nodiscard]] virtual bool stop_asked() const = 0;
  // Requests answered so far.
  [[nodiscard]] virtual uint64_t requests() const = 0;
};

}  // namespace firn::sandbox
