#include "patterns/events/stream/start.h"

#include <algorithm>

namespace firn::events {
namespace {

using From = salesforce::ReplayPosition::From;

salesforce::ReplayPosition After(const std::string& replay_id) {
  if (replay_id.empty()) return {From::kEarliest, ""};
  return {From::kAfter, replay_id};
}

// Why ids of that place mean nothing here; empty when they do.
std::string Elsewhere(const std::string& org_id, const std::string& instance,
                      const StartFacts& facts) {
  if (!org_id.empty() && org_id != facts.org_id) {
    return "it was taken in org " + org_id + ", this is " + facts.org_id;
  }
  if (!instance.empty() && !facts.instance.empty() && instance != facts.instance) {
    return "the org moved from instance " + instance + " to " + facts.instance;
  }
  return "";
}

// Why events between the cursor and now may be gone; empty when none can be.
std::string TooOld(const StreamCursor& cursor, int64_t now_ms) {
  const std::chrono::milliseconds age(now_ms - std::max(cursor.alive_ms, cursor.event_ms));
  if (now_ms == 0 || age <= kEventsKept) return "";
  return "the stream was last alive " +
         std::to_string(std::chrono::floor<std::chrono::hours>(age).count()) +
         " hours ago, events are kept for " + std::to_string(kEventsKept.count());
}

bool IsUsable(const std::optional<TableMark>& mark, const StartFacts& facts) {
  return mark && Elsewhere(mark->org_id, mark->instance, facts).empty();
}

}  // namespace

StartPlan PlanStart(const StartFacts& facts) {
  StartPlan plan;
  plan.skip_until.resize(facts.marks.size());
  if (facts.cursor) {
    plan.position = After(facts.cursor->replay_id);
    plan.cycle = facts.cursor->cycle;
    plan.lost = facts.cursor->lost.empty()
                    ? Elsewhere(facts.cursor->org_id, facts.cursor->instance, facts)
                    : facts.cursor->lost;
    if (plan.lost.empty()) plan.lost = TooOld(*facts.cursor, facts.now_ms);
  } else {
    // The tables know where the newest cycle that any of them committed began.
    const TableMark* newest = nullptr;
    std::string moved;
    for (const auto& mark : facts.marks) {
      if (!mark) continue;
      if (!IsUsable(mark, facts)) {
        moved = Elsewhere(mark->org_id, mark->instance, facts);
      } else if (newest == nullptr || mark->cycle > newest->cycle) {
        newest = &*mark;
      }
    }
    if (newest == nullptr) {
      plan.position = {From::kEarliest, ""};
      plan.lost = moved;
      plan.first = moved.empty();
      return plan;
    }
    plan.position = After(newest->from);
    plan.cycle = newest->cycle - 1;
  }
  if (!plan.lost.empty()) return plan;
  for (size_t i = 0; i < facts.marks.size(); ++i) {
    const auto& mark = facts.marks[i];
    if (IsUsable(mark, facts) && mark->cycle > plan.cycle) plan.skip_until[i] = mark->last;
  }
  return plan;
}

}  // namespace firn::events
