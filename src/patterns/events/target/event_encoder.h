// EventEncoder: JSON objects into the Avro of a platform event, by the schema of its topic.
//
// Made once a schema and shared by threads; pure. Fields go by name; what the object leaves out is
// null. Text stays text, numbers numbers: nothing is turned into another type in silence, only
// dates and times may be ISO 8601 texts where the schema has milliseconds. `CreatedDate` and
// `CreatedById`, which the bus demands in every payload, are filled in. No error quotes a value.
// Source: Pub/Sub API Developer Guide, "Publish RPC Method"; Apache Avro 1.11 specification,
// "Binary Encoding"; Platform Events Developer Guide, "Platform Event Fields"; read 2026-11.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"

namespace firn::events {

// What every payload must tell of its making, unless the input does.
struct Authorship {
  UtcMicros created;
  std::string user_id;  // 18 characters
};

class EventEncoder {
 public:
  // `schema_json`: GetSchema's. Errors: Corrupt (EVENT-SCHEMA-001).
  [[nodiscard]] static Result<EventEncoder> Compile(std::string_view schema_json);

  // Errors: BadInput EVENT-PUBLISH-001 (no JSON object), -002 (a field that the event has not,
  // with the nearest name), -003 (a value of another type than the field's).
  [[nodiscard]] Result<std::string> Encode(std::string_view json, const Authorship& by) const;

  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  enum class Type { kNull, kBoolean, kInt, kLong, kFloat, kDouble, kText, kBytes, kOther };
  struct Field {
    std::string name;
    std::vector<Type> branches;  // one, unless it is a union
    bool is_union = false;
  };
  class Writer;

  std::string name_;
  std::vector<Field> fields_;
};

}  // namespace firn::events
