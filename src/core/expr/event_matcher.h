// EventMatcher: many event patterns held together, and which of them fit an event.
//
// Fields of all patterns are laid into one tree, sorted by path as event-ruler does it: patterns
// that begin with the same conditions share its branches, and an event follows only branches whose
// condition its values fit. So the cost follows the event and the patterns that come near it, not
// the number of patterns. Immutable once made and then open to any thread; each thread brings a
// MatchScratch of its own. Array consistency: two fields fit together only in the same element of
// an array that both stand in.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/expr/event_pattern.h"

namespace firn::expr {

// What matching needs beside the patterns; reused from event to event.
class MatchScratch {
 public:
  MatchScratch();
  ~MatchScratch();
  MatchScratch(MatchScratch&&) noexcept;
  MatchScratch& operator=(MatchScratch&&) noexcept;

 private:
  friend class EventMatcher;
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

class EventMatcher {
 public:
  // Ways through the tree that one event may take, over all patterns; only events with several
  // large arrays come near it.
  static constexpr int64_t kStepsMax = 5'000'000;

  // Patterns are known by their place in the list.
  explicit EventMatcher(const std::vector<EventPattern>& patterns);
  ~EventMatcher();
  EventMatcher(EventMatcher&&) noexcept;
  EventMatcher& operator=(EventMatcher&&) noexcept;

  // The patterns that fit, in ascending order. Errors: BadInput (EXPR-EVENT-001), LimitReached
  // (EXPR-EVENT-002) past kStepsMax.
  [[nodiscard]] Result<std::vector<uint32_t>> Match(std::string_view event,
                                                    MatchScratch& scratch) const;

 private:
  struct Parts;
  std::unique_ptr<const Parts> parts_;
};

// One pattern, one event.
[[nodiscard]] Result<bool> Matches(const EventPattern& pattern, std::string_view event);

}  // namespace firn::expr
