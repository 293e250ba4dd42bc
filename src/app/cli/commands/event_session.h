// What the events commands stand on: the project's org and lake, and a stream of its changes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/cli/command.h"
#include "app/engine/stream_link.h"
#include "core/base/metrics.h"
#include "core/project/services.h"
#include "core/state/lease.h"
#include "ends/lake/table.h"
#include "patterns/events/stream/envelope_place.h"

namespace firn::cli {

// Members in the order in which they must go away again.
struct EventSession {
  MetricsRegistry metrics;
  std::shared_ptr<engine::OrgLink> link;
  std::shared_ptr<lake::Lake> lake;
  std::unique_ptr<state::Leases> leases;
  std::unique_ptr<engine::StreamLink> stream;
  project::Services services;

  [[nodiscard]] const events::StreamParts& parts() const { return stream->parts(); }
  [[nodiscard]] salesforce::PubSub& pubsub() const { return stream->pubsub(); }
  // What envelopes of a topic name, as `events` of firn.yaml or the environment has it.
  [[nodiscard]] events::EnvelopePlace PlaceOf(const std::string& topic) const;
};
enum class LakeUse { kNone, kFollow };
[[nodiscard]] Result<std::unique_ptr<EventSession>> OpenEventSession(Context& context, LakeUse use);
[[nodiscard]] std::string QuarantineFolder(const project::Project& project);

void AddEventStreamCommands(CommandTree& tree);  // follow, topics, plan
void AddEventTailCommands(CommandTree& tree);    // tail, replay, quarantine

}  // namespace firn::cli
