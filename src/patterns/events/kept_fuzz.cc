// Texts that a stream keeps and reads again, perhaps damaged: cursors, marks of tables, trails; and
// events that somebody puts in. What is read is written back the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "patterns/events/rules/rule_event.h"
#include "patterns/events/stream/cursor.h"
#include "patterns/events/stream/trail.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace firn::events;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto cursor = ParseCursor(text))
    FIRN_ASSERT(ParseCursor(CursorText(*cursor)) == cursor);
  if (const auto mark = ParseMark(text)) FIRN_ASSERT(ParseMark(MarkText(*mark)) == mark);
  if (const auto trail = ParseTrail(text)) {
    const auto again = ParseTrail(TrailText(*trail));
    FIRN_ASSERT(again && again->tables == trail->tables && again->steps == trail->steps);
    (void)trail->Before(0, 1'800'000'000'000);
  }
  const auto event = ParseRuleEvent(text);
  if (!event) FIRN_ASSERT(!event.error().code().empty());
  return 0;
}
