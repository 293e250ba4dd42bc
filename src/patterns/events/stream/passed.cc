#include "patterns/events/stream/passed.h"

#include <algorithm>

#include "ends/lake/merge/merge.h"

namespace firn::events {
namespace {

constexpr std::string_view kConsumer = "cdc:";

}  // namespace

std::optional<StreamPassed> PassedBy(
    const lake::Table& table, const std::vector<std::pair<std::string, StreamCursor>>& cursors) {
  std::optional<StreamPassed> newest;
  for (const auto& [consumer, text] : lake::CheckpointsOf(table)) {
    const auto mark = ParseMark(text);
    if (!consumer.starts_with(kConsumer) || !mark) continue;
    StreamPassed passed{consumer.substr(kConsumer.size()), mark->event_ms};
    for (const auto& [topic, cursor] : cursors) {
      if (topic != passed.topic || !cursor.lost.empty()) continue;
      // A stream that went back for a table that joined has passed less than it once had.
      passed.event_ms = std::max(passed.event_ms, std::min(cursor.event_ms, cursor.known_ms));
    }
    if (!newest || passed.event_ms > newest->event_ms) newest = std::move(passed);
  }
  return newest;
}

}  // namespace firn::events
