// The row that all processes of a state folder share for one org's API budget, and what each event
// does to it. Private to the room; pure, so that the arithmetic is tested without any clock.
//
// How `calls_used` stays an upper bound of what our own requests have cost: an answer says `u`, and
// at worst the org had not yet counted any request that was unfinished when the answered one was
// reserved. So one bound is u + reserved - finished_when_reserved - the answered one itself. That
// is far too much for an answer that was long under way; but the bound before it, raised by what
// `u` shows beyond the highest number told so far, is as valid. The lower of the two counts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "ends/salesforce/limits.h"

namespace firn::salesforce {

struct BudgetRow {
  int64_t calls_used = 0;  // upper bound, requests in flight included
  int64_t calls_max = 0;   // 0: not known yet
  int64_t reserved = 0;    // calls ever reserved
  int64_t finished = 0;    // calls ever finished; reserved - finished are in flight
  int64_t applied = -1;    // `reserved` at the reservation whose answer was applied last
  int64_t told_used = 0;   // the usage it told: the highest, until a newer request is told less
  int64_t told_us = 0;     // when the org last told its usage
  int64_t active_us = 0;   // when a request was last reserved or finished
  int64_t looked_us = 0;   // when a call above the usual line was last allowed, to look again
  int64_t jobs_used = 0;
  int64_t jobs_max = 0;
  int64_t job_us = 0;        // when a job was last reserved
  int64_t jobs_told_us = 0;  // when the org last told its jobs
  // Jobs reserved in the five minutes from `jobs_window_us`, and in the five before: `/limits` may
  // not know them yet.
  int64_t jobs_window_us = 0;
  int64_t jobs_in_window = 0;
  int64_t jobs_before_window = 0;

  [[nodiscard]] static BudgetRow Parse(std::string_view text);  // unreadable: an empty row
  [[nodiscard]] std::string Text() const;
};

[[nodiscard]] int64_t ShareOf(int64_t max, int percent);
// Calls of the share that are kept back for looking whether the day's usage has fallen, and for
// what other projects spend between two of our answers.
[[nodiscard]] int64_t KeptBack(int64_t share);

// Forgets what can no longer count: requests of processes that died, and usage older than 24 hours.
void Age(BudgetRow& row, int64_t now_us);
// What is asked for. A look (at `/limits`) may also use what is kept back.
struct Wish {
  int64_t calls = 1;
  int percent = 80;
  bool is_look = false;
};
// Whether the wish fits; if so its calls are reserved.
[[nodiscard]] bool TryReserve(BudgetRow& row, const Wish& wish, int64_t now_us,
                              Reservation& reservation);
void FinishCalls(BudgetRow& row, const Reservation& reservation, const ApiUsage* told,
                 int64_t now_us);
[[nodiscard]] bool TryReserveJob(BudgetRow& row, int percent, int64_t now_us);
void LearnLimits(BudgetRow& row, const Limits& limits, int64_t now_us);

}  // namespace firn::salesforce
