// What the org's clients have used of its daily limits, over a rolling 24 hours, by the minute.
//
// Counted in memory and flushed to api.db by Flush(), which the server calls about once a second
// and at its end; a crash forgets at most the last second. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "sandbox/api_db.h"

namespace firn::sandbox {

enum class Allotment { kApiRequests, kBulkQueryJobs, kBulkQueryBytes };
inline constexpr size_t kAllotments = 3;

// The daily limits. Defaults: an Enterprise Edition org of 15 users (100,000 + 1,000 a licence);
// Bulk API 2.0: 10,000 query jobs and 1 TB of results. Source: Salesforce Developer Limits and
// Allocations Quick Reference, "API Request Limits", "Bulk API and Bulk API 2.0", read 2026-11.
struct DailyLimits {
  int64_t api_requests = 115'000;
  int64_t bulk_query_jobs = 10'000;
  int64_t bulk_query_bytes = 976'562LL << 20;  // the /limits key counts megabytes

  [[nodiscard]] int64_t Max(Allotment allotment) const {
    return allotment == Allotment::kApiRequests     ? api_requests
           : allotment == Allotment::kBulkQueryJobs ? bulk_query_jobs
                                                    : bulk_query_bytes;
  }
};

class UsageMeter {
 public:
  [[nodiscard]] static Result<std::unique_ptr<UsageMeter>> Open(ApiDb& db, const Clock& clock);

  void Add(Allotment allotment, int64_t count);
  [[nodiscard]] int64_t Used(Allotment allotment);
  // Makes the last 24 hours' use exactly `count` (admin, faults).
  void SetUsed(Allotment allotment, int64_t count);
  [[nodiscard]] DailyLimits limits() const;
  void SetLimits(const DailyLimits& limits);
  [[nodiscard]] Result<void> Flush();

 private:
  UsageMeter(ApiDb& db, const Clock& clock) : db_(db), clock_(clock) {}
  struct Minute {
    int64_t minute;
    int64_t count;
  };
  struct Meter {
    std::deque<Minute> minutes;  // at most 24 x 60 + 1
    int64_t total = 0;
  };
  [[nodiscard]] Result<void> Load();
  void DropOldLocked(Meter& meter, int64_t minute_now);
  [[nodiscard]] int64_t MinuteNow() const;

  ApiDb& db_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::array<Meter, kAllotments> meters_;
  DailyLimits limits_;
  bool dirty_ = false;
};

}  // namespace firn::sandbox
