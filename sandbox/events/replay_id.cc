#include "sandbox/events/replay_id.h"

#include <fmt/format.h>

namespace firn::sandbox {
namespace {

// SplitMix64: every bit of the input moves every bit of the output.
uint64_t Mixed(uint64_t value) {
  value += 0x9E3779B97F4A7C15ULL;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31);
}

}  // namespace

std::string ReplayIdBytes(int64_t replay_id) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(replay_id >> shift);
  return bytes;
}

std::optional<int64_t> ParseReplayId(std::string_view bytes) {
  if (bytes.size() != 8) return std::nullopt;
  uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  if (value > static_cast<uint64_t>(kReplayIdMax)) return std::nullopt;
  return static_cast<int64_t>(value);
}

int64_t NextReplayId(int64_t replay_id) {
  const uint64_t mixed = Mixed(static_cast<uint64_t>(replay_id));
  // One event in eight has a gap before it.
  return replay_id + 1 + ((mixed & 7) == 0 ? static_cast<int64_t>((mixed >> 8) % 9) + 1 : 0);
}

std::string EventUuidOf(int64_t replay_id) {
  const uint64_t high = Mixed(static_cast<uint64_t>(replay_id));
  const uint64_t low = Mixed(high);
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:x}{:03x}-{:012x}", high >> 32, high >> 16 & 0xFFFF,
                     high & 0xFFF, 8 + (low >> 62), low >> 48 & 0xFFF, low & 0xFFFFFFFFFFFF);
}

}  // namespace firn::sandbox
