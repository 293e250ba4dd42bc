// The encoded row: what a record's stored fields look like in one blob.
//
// Layout: varint count of slots; a bitmap of those that have a value; then the values in slot
// order: a boolean as one byte, a text as varint length and bytes, everything else as a zigzag
// varint. A number with more fraction digits than its slot's scale is a nought written in two
// bytes, which no varint is, then its own scale and its digits. Rows written before a field was
// added are shorter and read as null there. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/schema.h"
#include "sandbox/value.h"

namespace firn::sandbox {

// Appends the row. `by_slot` has one value for each slot of the object (the first three unused).
void EncodeRow(std::span<const SlotInfo> slots, std::span<const Value> by_slot, std::string& out);

// Reads chosen slots of rows of one object.
class RowReader {
 public:
  // `wanted` by slot number; an empty list means every slot.
  RowReader(const ObjectInfo& object, const std::vector<int>& wanted);
  // Fills values()[slot] of the wanted slots, and of the first three always. Texts point into
  // `blob`. False when the blob is damaged.
  [[nodiscard]] bool Read(int64_t id, bool deleted, int64_t modstamp, std::string_view blob);
  [[nodiscard]] const std::vector<Value>& values() const { return values_; }
  [[nodiscard]] const Value& at(int slot) const { return values_[slot]; }

 private:
  std::vector<SlotInfo> slots_;
  std::vector<uint8_t> wanted_;
  int last_wanted_ = -1;
  std::vector<Value> values_;
};

// The value of a field's slot as its type has it.
[[nodiscard]] Value ValueOfNumber(SlotInfo slot, int64_t number);

}  // namespace firn::sandbox
