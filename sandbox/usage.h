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

#include "core/base/clock.h"
#include "core/base/error.h"
#include "sandbox/allotment.h"
#include "sandbox/api_db.h"

namespace firn::sandbox {

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
