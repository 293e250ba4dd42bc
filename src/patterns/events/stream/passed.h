// How far a stream has brought a table: for whoever holds the table against the org. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ends/lake/table.h"
#include "patterns/events/stream/cursor.h"

namespace firn::events {

struct StreamPassed {
  std::string topic;
  int64_t event_ms = 0;  // commit of the newest event of the topic that is behind the table
};
// By the marks of the table's snapshots; the topic's cursor, read before the table was loaded, may
// know later events, of other tables. Nothing: no stream ever followed the table.
[[nodiscard]] std::optional<StreamPassed> PassedBy(
    const lake::Table& table, const std::vector<std::pair<std::string, StreamCursor>>& cursors);

}  // namespace firn::events
