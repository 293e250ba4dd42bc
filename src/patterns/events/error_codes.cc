#include "patterns/events/error_codes.h"

#include <vector>

namespace firn::events {

std::span<const ErrorCode> ErrorCodes() {
  // Streams and tables first, then rules, targets and dead letters; sorted by whoever prints them.
  static const std::vector<ErrorCode> kCodes = {
      {"EVENT-SCHEMA-001", "the schema of an event cannot be read",
       "GetSchema answered something that is no Avro record, or is larger than any event can be.",
       "Look at the reason in the message; report the schema id with it."},
      {"EVENT-DECODE-001", "an event does not fit its schema",
       "Its publisher wrote other bytes than its schema says: Salesforce does not check what is "
       "published, and change events are damaged only by a fault between the org and here.",
       "The event lies in the quarantine with its schema id, and the topic went on. `firn events "
       "quarantine` shows it; have the publisher mend what it sends."},
  };
  return kCodes;
}

}  // namespace firn::events
