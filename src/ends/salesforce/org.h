// Org: one Salesforce org as its user configured it, and the way in to everything else of the room.
//
// Open() signs in, checks the pinned API version and reads the limits; then rest(), bulk() and
// budget() serve any number of threads. OrgOptions is filled by the caller from the project's
// definition; no secret stands in it except as Secret. The transport, stores and registry in
// OrgParts must outlive the Org. Tokens, assertions and bodies never reach a log or an error.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "core/base/metrics.h"
#include "core/base/secret.h"
#include "core/net/client.h"
#include "ends/salesforce/auth.h"
#include "ends/salesforce/bulk.h"
#include "ends/salesforce/limits.h"
#include "ends/salesforce/rest.h"

namespace firn::salesforce {

struct OrgOptions {
  std::string name;  // the project's word for it: `prod`
  SignIn sign_in;
  std::string api_version = "66.0";  // pinned; `66`, `66.0` and `v66.0` are the same
  BudgetOptions budget;
  BulkOptions bulk;
  // Of one request; pages and blobs have their own idle time-outs.
  std::chrono::milliseconds request_timeout{120'000};
  // Of transient failures of requests that are safe to repeat.
  Backoff backoff;
};

struct OrgParts {
  net::Transport* transport = nullptr;
  BudgetStore* budget_store = nullptr;      // null: this process only
  DescribeCache* describe_cache = nullptr;  // null: no cache
  TokenStore* token_store = nullptr;        // needed by refresh-token sign-in
  MetricsRegistry* metrics = nullptr;       // null: api_calls_total is not counted
};

class Connection;

class Org {
 public:
  // Costs one API call (/limits); signing in and the version list cost none. Errors: Denied
  // SF-AUTH-*, Unsupported SF-REST-004 when the org offers no such API version, LimitReached
  // SF-LIMIT-*, Unreachable, Timeout.
  [[nodiscard]] static Result<std::unique_ptr<Org>> Open(const Call& call, OrgOptions options,
                                                         const OrgParts& parts);
  ~Org();

  [[nodiscard]] const OrgOptions& options() const;
  // The 18-character id of the org: the first part of every state key.
  [[nodiscard]] const std::string& org_id() const;
  [[nodiscard]] Result<Session> CurrentSession(const Call& call);
  // The sessions that its clients share.
  [[nodiscard]] TokenSource& tokens();
  [[nodiscard]] const VersionCheck& version() const;
  // What an operator should hear though nothing failed: an old API version, the next key served.
  [[nodiscard]] const std::vector<std::string>& warnings() const;

  [[nodiscard]] RestClient& rest();
  [[nodiscard]] BulkClient& bulk();
  [[nodiscard]] Budget& budget();

 private:
  Org();
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace firn::salesforce
