// Calls that one process reserves together and spends one by one, so that not every request waits
// for the row that all processes share (docs/decisions/0131-calls-reserved-in-blocks.md). Private
// to the room; plain data: a copy is changed and kept only when the row was written.
//
// The row counts a whole block as used from the moment it is reserved. Whatever ends the process,
// what was spent has been counted; a killed one leaves the rest of its block counted until an
// answer tells better. Near the share a block is a single call.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ends/salesforce/internal/budget_row.h"

namespace firn::salesforce {

// How many calls may be reserved ahead where `used` of `share` are used: 1 to 16, and never more
// than a small part of what is left.
[[nodiscard]] int64_t BlockCalls(int64_t used, int64_t share);

class BudgetBlock {
 public:
  // Calls of the block; nothing when too few are left of it, or it is older than half a minute.
  [[nodiscard]] std::optional<Reservation> Spend(int64_t calls, int64_t now_us);
  // Remembers an answer (`told` null: it told nothing) until Settle.
  void Note(const Reservation& reservation, const ApiUsage* told, int64_t now_us);
  // Whether the row should learn at once what was noted, rather than with the next block.
  [[nodiscard]] bool MustSettle(int percent) const;
  [[nodiscard]] bool IsSettled() const { return noted_.empty() && unspent_ == 0; }
  // Writes what was noted into the row and gives back what was not spent.
  void Settle(BudgetRow& row);
  // Reserves the wish, and a block ahead where there is room, after Settle. Nothing: refused.
  [[nodiscard]] std::optional<Reservation> Refill(BudgetRow& row, const Wish& wish, int64_t now_us);

 private:
  struct Noted {
    Reservation reservation;
    std::optional<ApiUsage> told;
    int64_t at_us = 0;
  };
  std::vector<Noted> noted_;
  Reservation next_;  // of the next call of the block
  int64_t unspent_ = 0;
  int64_t ahead_ = 1;  // calls the block had
  int64_t reserved_us_ = 0;
};

}  // namespace firn::salesforce
