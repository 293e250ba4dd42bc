// An event of the log taken apart by the schema it was written with, and put together again.
//
// Views into the payload and the schema's own strings. A reader belongs to one schema; immutable
// once made. Source: Avro 1.11 specification, 'Binary Encoding'; Change Data Capture Developer
// Guide, 'ChangeEventHeader Fields', read 2026-11.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "sandbox/events/change_encoder.h"
#include "sandbox/events/event_schema.h"

namespace firn::sandbox {

// One field of an event.
struct EventPiece {
  const EventField* field = nullptr;
  std::string_view raw;  // with its branch of the union
  bool null = true;
  std::string_view body;          // of a plain value, behind the branch
  std::vector<EventPiece> parts;  // of a compound that is not null
};

struct EventBytes {
  // Of a change event.
  std::string_view entity;
  std::vector<int64_t> records;
  ChangeType type = ChangeType::kCreate;
  std::string_view origin;
  std::string_view transaction_key;
  int64_t sequence = 0;
  int64_t commit_millis = 0;
  int64_t commit_number = 0;
  std::string_view user;
  std::vector<std::string_view> nulled;
  std::vector<std::string_view> differing;
  std::vector<std::string_view> changed;

  std::vector<EventPiece> pieces;  // one for each field of the schema, without the header
  [[nodiscard]] const EventPiece* Find(std::string_view name) const;
};

class EventReader {
 public:
  // Errors: Corrupt (SBX-EVENTS-002).
  [[nodiscard]] static Result<EventReader> Make(std::string_view schema_json);
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool of_changes() const { return of_changes_; }
  // Errors: Corrupt (SBX-EVENTS-002).
  [[nodiscard]] Result<EventBytes> Read(std::string_view payload) const;

 private:
  std::string name_;
  bool of_changes_ = false;
  std::vector<EventField> fields_;
};

// Of a piece whose field is a double.
[[nodiscard]] double DoubleOf(const EventPiece& piece);
// The value of a plain piece as the org keeps it; texts point into the payload.
[[nodiscard]] Value ValueOf(const EventPiece& piece, const FieldInfo& field);

}  // namespace firn::sandbox
