// EventReaders: an EventReader for each schema of the bus, made when it is first asked for.
//
// One thread at a time.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "sandbox/events/event_bytes.h"

namespace firn::sandbox {

class EventBus;

class EventReaders {
 public:
  explicit EventReaders(EventBus& bus) : bus_(bus) {}
  // Lives as long as this. Errors: the store's, Corrupt (SBX-EVENTS-002).
  [[nodiscard]] Result<const EventReader*> Of(const std::string& schema_id);

 private:
  EventBus& bus_;
  std::map<std::string, std::unique_ptr<const EventReader>> made_;  // by schema id
};

}  // namespace firn::sandbox
