// Change events as Avro bytes: the header, then the record's fields, or nothing of them.
//
// Pure; any thread. A body and its bitmaps do not depend on the record's id, so that equal changes
// of several records can be told and sent as one event.
// Source: Change Data Capture Developer Guide, 'ChangeEventHeader Fields', 'Change Event Body
// Fields', 'Merged Change Events'; Pub/Sub API guide, 'Event Deserialization Considerations'; read
// 2026-11.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/events/event_schema.h"
#include "sandbox/value.h"

namespace firn::sandbox {

// In the order of the schema's enum.
enum class ChangeType : uint8_t {
  kCreate,
  kUpdate,
  kDelete,
  kUndelete,
  kGapCreate,
  kGapUpdate,
  kGapDelete,
  kGapUndelete,
  kGapOverflow,
};
[[nodiscard]] constexpr ChangeType GapOf(ChangeType type) {
  return type < ChangeType::kGapCreate ? static_cast<ChangeType>(static_cast<int>(type) + 4) : type;
}

struct ChangeBody {
  std::vector<std::string> nulled;
  std::vector<std::string> differing;
  std::vector<std::string> changed;
  std::string fields;  // Avro bytes of everything behind the header
};

struct ChangeHeader {
  std::string_view entity;
  std::span<const int64_t> records;
  ChangeType type = ChangeType::kCreate;
  std::string_view origin;
  std::string_view transaction_key;
  int32_t sequence = 1;
  int64_t commit_millis = 0;
  int64_t commit_number = 0;
  int64_t user = 0;
};

// All fields: of a created or undeleted record. `values` by slot.
[[nodiscard]] ChangeBody WholeBody(const EventSchema& schema, std::span<const Value> values);
// Changed fields only; long texts as differences where that pays.
[[nodiscard]] ChangeBody UpdateBody(const EventSchema& schema, std::span<const Value> before,
                                    std::span<const Value> after,
                                    std::span<const int> changed_slots);
// No values: of a deleted record and of gaps.
[[nodiscard]] ChangeBody EmptyBody(const EventSchema& schema);
void AppendChange(const ChangeHeader& header, const ChangeBody& body, std::string& out);

// A value as the field's type has it; null where the field has a null branch.
void AppendEventValue(const EventField& field, const Value& value, std::string& out);

}  // namespace firn::sandbox
