#include "ends/salesforce/internal/budget_row.h"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace firn::salesforce {
namespace {

constexpr int64_t Micros(std::chrono::microseconds duration) { return duration.count(); }

// Longer than any request of ours may take, so what is in flight after it belongs to the dead.
constexpr int64_t kInFlightMost = Micros(std::chrono::minutes(10));
// API Request Limits: counted over the last 24 hours.
constexpr int64_t kDay = Micros(std::chrono::hours(24));
constexpr int64_t kLookAgain = Micros(std::chrono::minutes(15));
// REST API Developer Guide, "Limits": accurate within five minutes of consumption.
constexpr int64_t kLimitsLag = Micros(std::chrono::minutes(5));

constexpr std::string_view kVersion = "1";

template <typename Row, typename Visit>
void EachNumber(Row& row, Visit visit) {
  for (auto* number :
       {&row.calls_used, &row.calls_max, &row.reserved, &row.finished, &row.applied, &row.told_used,
        &row.told_us, &row.active_us, &row.looked_us, &row.jobs_used, &row.jobs_max, &row.job_us,
        &row.jobs_told_us, &row.jobs_window_us, &row.jobs_in_window, &row.jobs_before_window}) {
    visit(*number);
  }
}

}  // namespace

BudgetRow BudgetRow::Parse(std::string_view text) {
  BudgetRow row;
  if (text.substr(0, kVersion.size()) != kVersion) return row;
  const char* at = text.data() + kVersion.size();
  const char* end = text.data() + text.size();
  bool good = true;
  EachNumber(row, [&](int64_t& number) {
    if (!good || at == end || *at != ' ') {
      good = false;
      return;
    }
    const auto [next, problem] = std::from_chars(at + 1, end, number);
    good = problem == std::errc();
    at = next;
  });
  return good && at == end ? row : BudgetRow{};
}

std::string BudgetRow::Text() const {
  std::string text(kVersion);
  EachNumber(*this, [&](const int64_t& number) { text += " " + std::to_string(number); });
  return text;
}

int64_t ShareOf(int64_t max, int percent) {
  return max / 100 * percent + max % 100 * percent / 100;
}

int64_t KeptBack(int64_t share) {
  return std::min(std::clamp<int64_t>(share / 160, 4, 50), share / 10);
}

void Age(BudgetRow& row, int64_t now_us) {
  if (now_us - row.active_us > kInFlightMost) row.finished = row.reserved;
  if (now_us - std::max(row.active_us, row.told_us) > kDay) row.calls_used = 0;
  if (now_us - std::max(row.job_us, row.jobs_told_us) > kDay) row.jobs_used = 0;
}

bool TryReserve(BudgetRow& row, const Wish& wish, int64_t now_us, Reservation& reservation) {
  if (row.calls_max > 0) {
    const int64_t share = ShareOf(row.calls_max, wish.percent);
    const int64_t after = row.calls_used + wish.calls;
    if (after > share - (wish.is_look ? 0 : KeptBack(share))) {
      // Usage falls as calls become older than a day, but only an answer tells. Only others can
      // bring the org above the share, so looking there takes nothing that is ours to keep.
      const bool others_are_above = row.calls_used > share;
      const bool stale = now_us - row.told_us > kLookAgain && now_us - row.looked_us > kLookAgain;
      const bool allowed = others_are_above ? wish.is_look || stale : after <= share && stale;
      if (!allowed) return false;
      row.looked_us = now_us;
    }
  }
  reservation = {wish.calls, row.finished, row.reserved};
  row.reserved += wish.calls;
  row.calls_used += wish.calls;
  row.active_us = now_us;
  return true;
}

void FinishCalls(BudgetRow& row, const Reservation& reservation, const ApiUsage* told,
                 int64_t now_us) {
  row.finished = std::min(row.finished + reservation.calls, row.reserved);
  row.active_us = std::max(row.active_us, now_us);
  if (told == nullptr) return;
  const int64_t bound = told->used + row.reserved - reservation.finished_before - reservation.calls;
  const int64_t raised = row.calls_used + std::max<int64_t>(0, told->used - row.told_used);
  const int64_t lower = std::min(bound, raised);
  const bool is_newest = reservation.sequence >= row.applied;
  if (is_newest || lower > row.calls_used) row.calls_used = lower;
  row.told_used = is_newest ? told->used : std::max(row.told_used, told->used);
  row.applied = std::max(row.applied, reservation.sequence);
  row.calls_max = told->max;
  row.told_us = std::max(row.told_us, now_us);
}

bool TryReserveJob(BudgetRow& row, int percent, int64_t now_us) {
  if (row.jobs_max > 0 && row.jobs_used + 1 > ShareOf(row.jobs_max, percent)) return false;
  if (now_us - row.jobs_window_us > kLimitsLag) {
    row.jobs_before_window = now_us - row.jobs_window_us > 2 * kLimitsLag ? 0 : row.jobs_in_window;
    row.jobs_in_window = 0;
    row.jobs_window_us = now_us;
  }
  ++row.jobs_in_window;
  ++row.jobs_used;
  row.job_us = now_us;
  return true;
}

void LearnLimits(BudgetRow& row, const Limits& limits, int64_t now_us) {
  if (const auto calls = limits.find("DailyApiRequests"); calls != limits.end()) {
    const int64_t used = calls->second.max - calls->second.remaining;
    row.calls_used =
        row.calls_max == 0 ? used + row.reserved - row.finished : std::max(row.calls_used, used);
    if (row.calls_max == 0) row.told_us = now_us;
    row.calls_max = calls->second.max;
  }
  if (const auto jobs = limits.find("DailyBulkV2QueryJobs"); jobs != limits.end()) {
    const int64_t used = jobs->second.max - jobs->second.remaining;
    const bool settled = now_us - row.job_us > kLimitsLag;
    const int64_t unseen = settled ? 0 : row.jobs_in_window + row.jobs_before_window;
    row.jobs_used = std::min(std::max(row.jobs_used, used), used + unseen);
    row.jobs_max = jobs->second.max;
    row.jobs_told_us = now_us;
  }
}

}  // namespace firn::salesforce
