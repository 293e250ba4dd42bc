// EventPrinter: events of the log as the JSON that subscribers of the Streaming API get.
//
// One thread at a time; schemas are read once. Source: Platform Events Developer Guide, "Subscribe
// to Platform Event Notifications with CometD"; Change Data Capture Developer Guide, "Change Event
// Message Structure", "ChangeEventHeader Fields"; Streaming API Developer Guide, "PushTopic
// Notifications", "Generic Streaming Quick Start"; read 2026-11.
#pragma once

#include <string>
#include <string_view>

#include "sandbox/events/event_bus.h"
#include "sandbox/events/event_readers.h"

namespace firn::sandbox {

// The schema of a stream whose events are JSON texts already: `/topic/..` and `/u/..`. Their
// payload is the message's data without the replay id.
[[nodiscard]] EventSchema JsonStream(std::string_view channel);

class EventPrinter {
 public:
  explicit EventPrinter(EventBus& bus) : readers_(bus) {}
  // The message's `data`. An event that was pushed to other users only is an empty text. Errors:
  // the store's, Corrupt.
  struct Reader {
    int version = 0;  // 60 of `/cometd/60.0`
    std::string user_id;
  };
  [[nodiscard]] Result<std::string> Data(const LogEvent& event, const Reader& reader);

 private:
  EventReaders readers_;
};

}  // namespace firn::sandbox
