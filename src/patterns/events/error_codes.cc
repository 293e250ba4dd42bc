#include "patterns/events/error_codes.h"

#include <vector>

namespace firn::events {

std::span<const ErrorCode> ErrorCodes() {
  // Streams and tables first, then rules, targets and dead letters; sorted by whoever prints them.
  static const std::vector<ErrorCode> kCodes = {};
  return kCodes;
}

}  // namespace firn::events
