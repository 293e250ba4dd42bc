// What the events commands stand on: the project's org and lake, and a client of the Pub/Sub API.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/cli/command.h"
#include "app/engine/org_link.h"
#include "core/base/metrics.h"
#include "core/state/lease.h"
#include "ends/lake/table.h"
#include "ends/salesforce/pubsub.h"
#include "patterns/events/stream/follow.h"

namespace firn::cli {

// Members in the order in which they must go away again.
struct EventSession {
  MetricsRegistry metrics;
  std::unique_ptr<engine::OrgLink> link;
  std::unique_ptr<lake::Lake> lake;
  std::unique_ptr<state::Leases> leases;
  std::unique_ptr<salesforce::PubSub> pubsub;
  events::StreamParts parts;
};
enum class LakeUse { kNone, kFollow };
[[nodiscard]] Result<std::unique_ptr<EventSession>> OpenEventSession(Context& context, LakeUse use);
[[nodiscard]] std::string QuarantineFolder(const project::Project& project);

void AddEventStreamCommands(CommandTree& tree);  // follow, topics, plan
void AddEventTailCommands(CommandTree& tree);    // tail, replay, quarantine

}  // namespace firn::cli
