// Avro schemas of events, made from the catalogue: what a subscriber gets from GetSchema.
//
// A schema's id is a hash of its content, so the same object has the same id as long as its fields
// are the same, and another one from the change on. Immutable once made; any thread.
// Source: Pub/Sub API guide, 'Event Data Serialization with Apache Avro'; Change Data Capture
// Developer Guide, 'Change Event Message Structure', 'Get Compound Fields in Change Events'; the
// order of Account's fields in the guide's examples; read 2026-11.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/schema.h"

namespace firn::sandbox {

// The symbols of a change event's `changeType`, in their order.
inline constexpr const char* kChangeTypes[] = {
    "CREATE",     "UPDATE",     "DELETE",       "UNDELETE",     "GAP_CREATE",
    "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE", "GAP_OVERFLOW", "SNAPSHOT"};

struct EventField {
  enum class Kind : uint8_t {
    kText,
    kBoolean,
    kInt,
    kDouble,
    kMillis,      // an instant, a day or a time of day, as a long of milliseconds
    kRecord,      // a compound field: `parts`
    kTextOrName,  // text, or the record of a person's name: Account.Name; always text here
  };
  std::string name;
  Kind kind = Kind::kText;
  bool required = false;  // no null branch
  int slot = -1;          // where a record has the value; -1: this org never has one
  int length = 0;         // of a text
  std::string doc;
  std::vector<EventField> parts;
};

// Where a stored field stands in a change event.
struct EventPlace {
  int16_t position = -1;  // among the top-level fields, the header being 0; -1: nowhere
  int16_t part = -1;      // among the parts of a compound
};

struct EventSchema {
  std::string id;
  std::string name;    // `AccountChangeEvent`, `Order__e`
  std::string entity;  // the object
  std::string json;
  std::vector<EventField> fields;  // without the header of a change event
  std::vector<EventPlace> places;  // by slot; of change events only
};

// The stream of an object's changes: `AccountChangeEvent`, `Widget__ChangeEvent`.
[[nodiscard]] std::string ChangeStreamOf(std::string_view object);
[[nodiscard]] bool IsPlatformEvent(std::string_view object);  // `..__e`
// The stored field of a compound's part, found by its own name: `BillingStreet`,
// `Site__Latitude__s`. Null where the org stores none.
[[nodiscard]] const FieldInfo* StoredPart(const ObjectInfo& object, std::string_view compound,
                                          std::string_view part);

[[nodiscard]] std::shared_ptr<const EventSchema> MakeChangeSchema(const ObjectInfo& object);
// Of an `__e` object, CreatedDate and CreatedById first.
[[nodiscard]] std::shared_ptr<const EventSchema> MakePlatformSchema(const ObjectInfo& object);
// Of the org's own streams (`LoginEventStream`): CreatedDate and CreatedById, then these.
[[nodiscard]] std::shared_ptr<const EventSchema> MakeStreamSchema(std::string_view name,
                                                                  std::vector<EventField> fields);

}  // namespace firn::sandbox
