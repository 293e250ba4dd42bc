// StreamCursor: up to where a topic is done, and whose events those were. Internal to events; pure.
//
// Events are settled in numbered cycles. When a cycle ends, every table that got events commits
// them together with the cycle's number, the position the cycle began at and the last event that
// went into that table; then the topic's cursor moves to the cycle's end. Whatever stops the
// process in between, the stream goes on from the cursor, and a table that had already committed
// the cycle passes its events over up to the one it names: every event is applied once, though no
// transaction spans two tables. The cursor itself can be made again from the tables.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace firn::events {

struct StreamCursor {
  std::string replay_id;  // opaque bytes; empty: nothing is done yet
  int64_t cycle = 0;      // the last that is done
  std::string org_id;
  std::string instance;         // replay ids mean nothing on another one
  int64_t event_ms = 0;         // commit of the newest event that is done
  int64_t alive_ms = 0;         // when the stream last gave a sign of life
  int64_t known_ms = 0;         // what the org held then is in the tables; 0: not known
  int64_t events_total = 0;     // delivered since the cursor was made
  int64_t events_since_ms = 0;  // when that was
  std::string lost;             // why the position is lost; empty: it is not
  std::string managed;          // managed subscription that is told of it; empty: none
  bool operator==(const StreamCursor&) const = default;
};
[[nodiscard]] std::string CursorText(const StreamCursor& cursor);
// Nothing for text that is none.
[[nodiscard]] std::optional<StreamCursor> ParseCursor(std::string_view text);

// What a table's snapshot says: checkpoint `cdc:<topic>`.
struct TableMark {
  std::string from;  // position at which the cycle began; empty: the oldest event
  std::string last;  // replay id of the last event of this table in the cycle
  int64_t cycle = 0;
  std::string org_id;
  std::string instance;
  int64_t event_ms = 0;  // commit of the newest event that the table has
  int64_t events = 0;    // taken from the topic by this table, each once, since it follows it
  bool operator==(const TableMark&) const = default;
};
[[nodiscard]] std::string MarkText(const TableMark& mark);
[[nodiscard]] std::optional<TableMark> ParseMark(std::string_view text);
[[nodiscard]] std::string ConsumerOfTopic(std::string_view topic);  // `cdc:/data/ChangeEvents`

}  // namespace firn::events
