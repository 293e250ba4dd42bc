#include "sandbox/usage.h"

#include <algorithm>

namespace firn::sandbox {
namespace {

constexpr std::array<std::string_view, kAllotments> kKinds{
    "api", "query_jobs", "query_bytes", "delivered", "published", "batches", "bulk_rows"};

constexpr int64_t WindowMinutes(size_t allotment) {
  return allotment == static_cast<size_t>(Allotment::kPublishedEvents) ? 60 : 24 * 60;
}

}  // namespace

Result<std::unique_ptr<UsageMeter>> UsageMeter::Open(ApiDb& db, const Clock& clock) {
  std::unique_ptr<UsageMeter> meter(new UsageMeter(db, clock));
  FIRN_CHECK(meter->Load());
  return meter;
}

Result<void> UsageMeter::Load() {
  const ApiDb::Locked locked = db_.Lock();
  FIRN_TRY(Statement all,
           locked.db.Prepare("SELECT kind, minute, count FROM usage ORDER BY minute"));
  while (true) {
    FIRN_TRY(const bool more, all.Step());
    if (!more) return {};
    const auto kind = std::find(kKinds.begin(), kKinds.end(), all.Text(0));
    if (kind == kKinds.end()) continue;
    Meter& meter = meters_[static_cast<size_t>(kind - kKinds.begin())];
    meter.minutes.push_back({all.Int(1), all.Int(2)});
    meter.total += all.Int(2);
  }
}

int64_t UsageMeter::MinuteNow() const {
  return std::chrono::duration_cast<std::chrono::minutes>(clock_.Now().time_since_epoch()).count();
}

void UsageMeter::DropOldLocked(Meter& meter, int64_t minute_now) {
  while (!meter.minutes.empty() &&
         meter.minutes.front().minute <=
             minute_now - WindowMinutes(static_cast<size_t>(&meter - meters_.data()))) {
    meter.total -= meter.minutes.front().count;
    meter.minutes.pop_front();
  }
}

void UsageMeter::Add(Allotment allotment, int64_t count) {
  const int64_t minute = MinuteNow();
  std::lock_guard lock(mutex_);
  Meter& meter = meters_[static_cast<size_t>(allotment)];
  DropOldLocked(meter, minute);
  // A clock that was set back keeps counting into the newest minute.
  if (meter.minutes.empty() || meter.minutes.back().minute < minute) {
    meter.minutes.push_back({minute, 0});
  }
  meter.minutes.back().count += count;
  meter.total += count;
  dirty_ = true;
}

int64_t UsageMeter::Used(Allotment allotment) {
  const int64_t minute = MinuteNow();
  std::lock_guard lock(mutex_);
  Meter& meter = meters_[static_cast<size_t>(allotment)];
  DropOldLocked(meter, minute);
  return meter.total;
}

void UsageMeter::SetUsed(Allotment allotment, int64_t count) {
  const int64_t minute = MinuteNow();
  std::lock_guard lock(mutex_);
  Meter& meter = meters_[static_cast<size_t>(allotment)];
  meter.minutes.assign(1, {minute, count});
  meter.total = count;
  dirty_ = true;
}

DailyLimits UsageMeter::limits() const {
  std::lock_guard lock(mutex_);
  return limits_;
}

void UsageMeter::SetLimits(const DailyLimits& limits) {
  std::lock_guard lock(mutex_);
  limits_ = limits;
}

Result<void> UsageMeter::Flush() {
  std::array<std::deque<Minute>, kAllotments> copy;
  {
    std::lock_guard lock(mutex_);
    if (!dirty_) return {};
    dirty_ = false;
    for (size_t i = 0; i < kAllotments; ++i) copy[i] = meters_[i].minutes;
  }
  const ApiDb::Locked locked = db_.Lock();
  FIRN_TRY(Transaction transaction, Transaction::Begin(locked.db));
  FIRN_CHECK(locked.db.Execute("DELETE FROM usage"));
  FIRN_TRY(Statement put, locked.db.Prepare("INSERT INTO usage VALUES(?, ?, ?)"));
  for (size_t i = 0; i < kAllotments; ++i) {
    for (const Minute& minute : copy[i]) {
      put.Bind(1, kKinds[i]).Bind(2, minute.minute).Bind(3, minute.count);
      FIRN_CHECK(put.Run());
    }
  }
  return transaction.Commit();
}

}  // namespace firn::sandbox
