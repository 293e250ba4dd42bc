// ChangeRecord: one event of a stream, decoded: who changed what, and which fields were touched.
//
// A record is used again for every event, so that decoding allocates nothing; its texts look into
// the event's payload and are valid as long as that is. Plain value of one thread.
// Source: Change Data Capture Developer Guide, "ChangeEventHeader Fields"; Pub/Sub API Developer
// Guide, "Event Deserialization Considerations"; read 2026-11.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace firn::events {

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
  kSnapshot,
  kOther,      // a word that this version does not know
  kPublished,  // a platform event: no header
};
[[nodiscard]] ChangeType ChangeTypeOf(std::string_view name);
// The header only: what changed must be read from the org.
[[nodiscard]] bool IsGap(ChangeType type);

struct Cell {
  enum class Kind : uint8_t { kNull, kBoolean, kWhole, kReal, kText, kBytes, kOther };
  Kind kind = Kind::kNull;
  int64_t whole = 0;      // kBoolean, kWhole
  double real = 0;        // kReal
  std::string_view text;  // kText, kBytes; kOther: the Avro bytes of an array or map
};

// What a change did to a field. Of a record that is told whole (CREATE, UNDELETE, a platform event)
// every field is kSet or kNulled; else a field that is not named by the header is kUntouched,
// whatever stands in its cell.
enum class Touch : uint8_t { kUntouched, kSet, kNulled, kDiff };

struct ChangeRecord {
  // Header; empty for platform events.
  ChangeType type = ChangeType::kPublished;
  std::string_view entity;
  std::string_view type_name;  // as spelt
  std::string_view origin;
  std::string_view transaction_key;
  std::string_view commit_user;
  int32_t sequence_number = 0;
  int64_t commit_timestamp_ms = 0;
  int64_t commit_number = 0;
  std::vector<std::string_view> record_ids;  // merged events name several

  // By field of the plan (change/plan.h).
  std::vector<Cell> cells;
  std::vector<Touch> touched;

  // The bitmaps as they came.
  std::vector<std::string_view> nulled_bits;
  std::vector<std::string_view> diff_bits;
  std::vector<std::string_view> changed_bits;
};

}  // namespace firn::events
