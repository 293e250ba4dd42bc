// ChannelShape: what a channel's members make of its events on the way to a subscriber.
//
// Filters, and enrichment: fields that an update or a delete does not tell are read from the record
// as it is at delivery and added, one event for each record then, all of one replay id. Created and
// undeleted records tell all their fields anyway; gap and overflow events tell none. Streams of one
// object are never shaped. One thread at a time.
// Source: Change Data Capture Developer Guide, 'Enrich Change Events with Extra Fields', 'Event
// Enrichment Considerations', 'Change Event Filters'; Platform Events Developer Guide, 'Filter Your
// Stream of Platform Events with Custom Channels'; read 2026-11.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sandbox/events/event_bytes.h"
#include "sandbox/events/event_filter.h"
#include "sandbox/events/event_log.h"
#include "sandbox/events/event_readers.h"
#include "sandbox/events/event_settings.h"
#include "sandbox/org.h"

namespace firn::sandbox {

class EventBus;

class ChannelShape {
 public:
  explicit ChannelShape(EventBus& bus) : bus_(bus), readers_(bus) {}

  // The events as subscribers of the channel get them, in their order. Errors: the store's,
  // Corrupt.
  [[nodiscard]] Result<std::vector<LogEvent>> Apply(const std::string& channel,
                                                    std::vector<LogEvent> events);

 private:
  // What is wanted of one object's events, bound to the catalogue of the moment.
  struct Member {
    const ObjectInfo* object = nullptr;
    std::optional<EventFilter> filter;
    std::vector<std::string> fields;  // to be there in any case, top-level names
  };
  class Shaper;

  EventBus& bus_;
  EventReaders readers_;
};

// Whether a member may have these options. Errors: api error FIELD_INTEGRITY_EXCEPTION.
[[nodiscard]] Result<void> CheckMember(const std::shared_ptr<const Catalogue>& catalogue,
                                       const std::string& object, const MemberOptions& options);

}  // namespace firn::sandbox
