#include "ends/salesforce/internal/budget_block.h"

#include <algorithm>
#include <chrono>

namespace firn::salesforce {
namespace {

constexpr int64_t kCallsMost = 16;
// A block is so small a part of what is left that processes which know of each other only by the
// org's answers see the share coming in time.
constexpr int64_t kPartOfRoom = 256;
// Far less than the time after which a process that is silent counts as dead.
constexpr int64_t kAgeMost = std::chrono::microseconds(std::chrono::seconds(30)).count();
constexpr size_t kNotedMost = 64;

}  // namespace

int64_t BlockCalls(int64_t used, int64_t share) {
  return std::clamp<int64_t>((share - KeptBack(share) - used) / kPartOfRoom, 1, kCallsMost);
}

std::optional<Reservation> BudgetBlock::Spend(int64_t calls, int64_t now_us) {
  const int64_t age = now_us - reserved_us_;
  if (unspent_ < calls || age < 0 || age > kAgeMost) return std::nullopt;
  Reservation spent = next_;
  spent.calls = calls;
  // What this process has seen answered since, the org had counted before this call.
  for (const Noted& noted : noted_) spent.finished_before += noted.reservation.calls;
  next_.sequence += calls;
  unspent_ -= calls;
  return spent;
}

void BudgetBlock::Note(const Reservation& reservation, const ApiUsage* told, int64_t now_us) {
  noted_.push_back({reservation, told ? std::optional(*told) : std::nullopt, now_us});
}

bool BudgetBlock::MustSettle(int percent) const {
  if (noted_.empty()) return false;
  if (ahead_ == 1 || noted_.size() >= kNotedMost) return true;
  const auto& told = noted_.back().told;
  return told && BlockCalls(told->used, ShareOf(told->max, percent)) < ahead_;
}

void BudgetBlock::Settle(BudgetRow& row) {
  // Calls that will never be made are no longer in flight. If nobody has reserved after them they
  // were never reserved, and the answers below say exactly what is used.
  if (row.reserved == next_.sequence + unspent_) {
    row.reserved -= unspent_;
  } else {
    row.finished = std::min(row.finished + unspent_, row.reserved);
  }
  row.finished = std::min(row.finished, row.reserved);
  unspent_ = 0;
  for (const Noted& noted : noted_) {
    FinishCalls(row, noted.reservation, noted.told ? &*noted.told : nullptr, noted.at_us);
  }
  noted_.clear();
}

std::optional<Reservation> BudgetBlock::Refill(BudgetRow& row, const Wish& wish, int64_t now_us) {
  const bool may_reserve_ahead = row.calls_max > 0 && !wish.is_look;
  ahead_ = may_reserve_ahead
               ? BlockCalls(row.calls_used + wish.calls, ShareOf(row.calls_max, wish.percent))
               : 1;
  Wish whole = wish;
  whole.calls += ahead_ - 1;
  Reservation reservation;
  if (!TryReserve(row, whole, now_us, reservation)) return std::nullopt;
  next_ = reservation;
  unspent_ = whole.calls;
  reserved_us_ = now_us;
  return Spend(wish.calls, now_us);
}

}  // namespace firn::salesforce
