// Replay ids: an event's place in the org's bus. Inside a number that grows from event to event,
// with gaps; outside eight bytes, most significant first, below 2^53, which clients may not reckon
// with. Source: Pub/Sub API guide, 'Event Message Durability', read 2026-11. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace firn::sandbox {

inline constexpr int64_t kReplayIdMax = (int64_t{1} << 53) - 1;

[[nodiscard]] std::string ReplayIdBytes(int64_t replay_id);
// Nothing when these bytes cannot be one.
[[nodiscard]] std::optional<int64_t> ParseReplayId(std::string_view bytes);
// The id of the event behind this one: the next number, or some further on.
[[nodiscard]] int64_t NextReplayId(int64_t replay_id);
// The EventUuid of an event whose publisher gave none.
[[nodiscard]] std::string EventUuidOf(int64_t replay_id);

}  // namespace firn::sandbox
