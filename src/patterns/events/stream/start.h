// Where a topic is taken up, worked out from what its cursor and its tables say. Internal to
// events; pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "ends/salesforce/pubsub.h"
#include "patterns/events/stream/cursor.h"

namespace firn::events {

// Salesforce keeps events so long (Pub/Sub API Developer Guide, "Event Message Durability").
inline constexpr std::chrono::hours kEventsKept{72};

struct StartFacts {
  std::optional<StreamCursor> cursor;
  std::vector<std::optional<TableMark>> marks;  // by table
  std::string org_id;
  std::string instance;  // empty: not known, and not compared
  int64_t now_ms = 0;    // 0: not known, and the position's age is not judged
};
struct StartPlan {
  salesforce::ReplayPosition position;
  int64_t cycle = 0;                    // done
  std::vector<std::string> skip_until;  // by table: the last event that it has; empty: none
  std::string lost;                     // why the position cannot be used; empty: it can
  bool first = false;                   // nothing was ever settled
};
[[nodiscard]] StartPlan PlanStart(const StartFacts& facts);

}  // namespace firn::events
