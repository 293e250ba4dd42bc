#include "patterns/events/change/record_id.h"

#include <algorithm>

namespace firn::events {
namespace {

bool IsLetterOrDigit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

std::optional<std::string> CanonicalId(std::string_view id) {
  if ((id.size() != 15 && id.size() != 18) || !std::all_of(id.begin(), id.end(), IsLetterOrDigit)) {
    return std::nullopt;
  }
  std::string canonical(id.substr(0, 15));
  for (size_t group = 0; group < 3; ++group) {
    unsigned capitals = 0;
    for (size_t i = 0; i < 5; ++i) {
      const char c = canonical[group * 5 + i];
      if (c >= 'A' && c <= 'Z') capitals |= 1U << i;
    }
    canonical.push_back("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[capitals]);
  }
  return canonical;
}

}  // namespace firn::events
