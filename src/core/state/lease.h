// Lease: who may commit for an org and task, for a limited time, with an epoch that only grows.
//
// The epoch stands in every snapshot summary; a commit with an older epoch than the lease's is
// refused, so a holder that slept past its time cannot overwrite its successor. On one host the
// rows live in shared.db; across hosts another implementation takes its place.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/state/shared_state.h"

namespace firn::state {

struct LeaseTerms {
  std::string org;
  std::string task;    // `export Account`
  std::string holder;  // host, pid and a random part: unique for each holder
  std::chrono::milliseconds length{60'000};
};

struct HeldLease {
  int64_t epoch = 0;  // from 1; higher than any epoch before it
  UtcMicros expires;
};

class Leases {
 public:
  virtual ~Leases() = default;
  // Errors: Conflict (STATE-LEASE-001) naming the holder while its time has not passed.
  [[nodiscard]] virtual Result<HeldLease> Acquire(const LeaseTerms& terms) = 0;
  // Errors: Expired (STATE-LEASE-002) when somebody else has taken it since.
  [[nodiscard]] virtual Result<HeldLease> Renew(const LeaseTerms& terms, int64_t epoch) = 0;
  [[nodiscard]] virtual Result<void> Release(const LeaseTerms& terms, int64_t epoch) = 0;
};

// `clock` outlives the leases.
[[nodiscard]] std::unique_ptr<Leases> NewSqliteLeases(std::shared_ptr<SharedState> shared,
                                                      Clock& clock);

}  // namespace firn::state
