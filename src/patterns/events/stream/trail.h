// StreamTrail: where a topic's cursor stood at earlier times, and which tables follow it.
//
// A table that joins a topic later (its export was made while the stream ran, or it was left out
// for a while) has missed what passed meanwhile. The stream then goes back to a step of the trail
// that lies before what the table lacks: other tables pass over what they have, as after a crash
// (stream_start), and nothing is read twice into any of them. Kept beside the cursor, written every
// ten minutes and when tables come or go. Internal to events.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/state/shared_state.h"

namespace firn::events {

struct TrailStep {
  int64_t at_ms = 0;      // when the cursor stood there
  int64_t covers_ms = 0;  // what was committed from here on lies behind it
  std::string replay_id;  // empty: the oldest event
  int64_t cycle = 0;      // done
  bool operator==(const TrailStep&) const = default;
};

struct StreamTrail {
  std::vector<std::string> tables;  // by UUID: those that have all up to the cursor
  std::vector<TrailStep> steps;     // oldest first, at most kept for as long as events are

  [[nodiscard]] bool Follows(const std::string& table) const;
  // Forgets what is too old to go back to.
  void Add(TrailStep step);
  // The newest step that has everything committed since then behind it; nothing when events of that
  // time are not kept any more.
  [[nodiscard]] std::optional<TrailStep> Before(int64_t since_ms, int64_t now_ms) const;
};
[[nodiscard]] std::string TrailText(const StreamTrail& trail);
// Nothing for text that is none.
[[nodiscard]] std::optional<StreamTrail> ParseTrail(std::string_view text);

// Nothing when the topic has none yet.
[[nodiscard]] Result<std::optional<StreamTrail>> LoadTrail(state::SharedState& shared,
                                                           const std::string& org,
                                                           const std::string& topic);
[[nodiscard]] Result<void> SaveTrail(state::SharedState& shared, const std::string& org,
                                     const std::string& topic, const StreamTrail& trail);

}  // namespace firn::events
