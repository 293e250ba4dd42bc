// Any bytes as a pattern, and as an event for it: never a crash, and a pattern that is taken fits
// or refuses every event the same way twice.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/expr/event_matcher.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // A pattern, a newline, an event; or one text as both.
  const size_t newline = text.find('\n');
  const std::string_view event =
      newline == std::string_view::npos ? text : text.substr(newline + 1);
  const auto pattern = firn::expr::ParseEventPattern(text.substr(0, newline));
  if (!pattern) return 0;
  const firn::expr::EventMatcher matcher({*pattern, *pattern});
  firn::expr::MatchScratch scratch;
  const auto matched = matcher.Match(event, scratch);
  if (matched && matched->size() == 1) std::abort();
  return 0;
}
