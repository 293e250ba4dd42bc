// The API budget of an org: no run takes it above the configured share of what the org may spend in
// 24 hours, however many processes and projects spend at once.
//
// One row an org, kept in a BudgetStore that all processes of a state folder share, corrected by
// `/limits` and by the `Sforce-Limit-Info` header of every answer (so that two projects on one org
// see each other). Before each request its calls are reserved; a reservation that would pass the
// share is refused with LimitReached and nothing is sent. A Budget may be used from any thread.
//
// Source: REST API Developer Guide, "Limits" and "Limit Info Header"; Salesforce Developer Limits
// and Allocations Quick Reference, "API Request Limits and Allocations", read 2026-11.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/call.h"
#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/net/http.h"

namespace firn::state {
class SharedState;
}  // namespace firn::state

namespace firn::salesforce {

// One entry of `/limits`.
struct Limit {
  int64_t max = 0;
  int64_t remaining = 0;
};
// By the vendor's names: `DailyApiRequests`, `DailyBulkV2QueryJobs` ..
using Limits = std::map<std::string, Limit>;

struct BudgetOptions {
  int share_percent = 80;         // of DailyApiRequests and of DailyBulkV2QueryJobs, 1 to 100
  int64_t calls_per_run_max = 0;  // of this Budget object; 0: no cap
  int64_t jobs_per_run_max = 0;   // 0: no cap
};

struct BudgetView {
  bool known = false;      // false until the org has told its numbers
  int64_t calls_used = 0;  // last 24 hours, ours in flight included: never less than what we know
  int64_t calls_max = 0;
  int64_t calls_share = 0;  // what the share allows: `calls_max * share_percent / 100`
  int64_t jobs_used = 0;
  int64_t jobs_max = 0;
  int64_t jobs_share = 0;
  int64_t calls_this_run = 0;
  int64_t jobs_this_run = 0;
  UtcMicros as_of;  // when the org last told
};

// Atomic rows that all processes of one state folder see.
class BudgetStore {
 public:
  virtual ~BudgetStore() = default;
  // Reads the org's row, lets `change` alter it and writes it, with nobody in between. A missing
  // row is empty text. When `change` fails, nothing is written and its error is returned.
  using Change = std::function<Result<void>(std::string& row)>;
  [[nodiscard]] virtual Result<void> Update(const std::string& org_id, const Change& change) = 0;
};
[[nodiscard]] std::unique_ptr<BudgetStore> NewMemoryBudgetStore();
[[nodiscard]] std::unique_ptr<BudgetStore> NewBudgetStore(
    std::shared_ptr<state::SharedState> shared);

// A request that was allowed; handed back with the header of its answer.
struct Reservation {
  int64_t calls = 0;
  int64_t finished_before = 0;  // of all processes, when it was made
  int64_t sequence = 0;
};

class Budget {
 public:
  virtual ~Budget() = default;
  // Before each request. Errors: LimitReached SF-LIMIT-001 (share of the day), SF-LIMIT-002 (cap of
  // this run) with the numbers; resumable later, nothing was sent.
  [[nodiscard]] virtual Result<Reservation> Reserve(const Call& call, int64_t calls) = 0;
  // Before the one call that looks how much is used. A few calls of the share are kept back for it,
  // so that a run that stopped at the share can be resumed as soon as the org's usage has fallen.
  [[nodiscard]] virtual Result<Reservation> ReserveLook(const Call& call) = 0;
  // Before a Bulk query job is created, besides its call. Errors: LimitReached SF-LIMIT-003, -004.
  [[nodiscard]] virtual Result<void> ReserveJob(const Call& call) = 0;
  // After each answer, or failure (`headers` null): what the org said corrects the row.
  [[nodiscard]] virtual Result<void> Finish(const Call& call, const Reservation& reservation,
                                            const net::Headers* headers) = 0;
  // The numbers of `/limits`, which Salesforce keeps accurate within five minutes.
  [[nodiscard]] virtual Result<void> Learn(const Call& call, const Limits& limits) = 0;
  [[nodiscard]] virtual Result<BudgetView> View(const Call& call) = 0;
};
// `store` outlives the budget.
[[nodiscard]] std::unique_ptr<Budget> NewBudget(std::string org_id, const BudgetOptions& options,
                                                BudgetStore& store);

// The two numbers of `Sforce-Limit-Info: api-usage=18/5000; per-app-api-usage=..`.
struct ApiUsage {
  int64_t used = 0;
  int64_t max = 0;
};
[[nodiscard]] std::optional<ApiUsage> ParseLimitInfo(std::string_view header);

}  // namespace firn::salesforce
