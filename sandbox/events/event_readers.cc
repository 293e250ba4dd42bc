#include "sandbox/events/event_readers.h"

#include "sandbox/events/event_bus.h"

namespace firn::sandbox {

Result<const EventReader*> EventReaders::Of(const std::string& schema_id) {
  auto& reader = made_[schema_id];
  if (!reader) {
    FIRN_TRY(const auto json, bus_.SchemaJson(schema_id));
    FIRN_TRY(EventReader made, EventReader::Make(json.value_or("")));
    reader = std::make_unique<const EventReader>(std::move(made));
  }
  return reader.get();
}

}  // namespace firn::sandbox
