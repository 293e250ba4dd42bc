// The bitmaps of ChangeEventHeader (changedFields, nulledFields, diffFields), expanded. Internal to
// events; pure.
//
// `0x650004E0` is a big-endian hexadecimal number whose bit i, counted from the least significant,
// stands for the schema's top-level field i (ChangeEventHeader is field 0). `4-0x10` numbers the
// parts of the compound field at position 4 in the same way. Where a field has bits of its own, its
// bit in the first number says only that some part is meant. Bits past the last field are ignored.
// Source: Pub/Sub API Developer Guide, "Event Deserialization Considerations", read 2026-11.
#pragma once

#include <string_view>
#include <vector>

#include "patterns/events/change/plan.h"
#include "patterns/events/change/record.h"

namespace firn::events {

struct BitmapFields {
  const std::vector<PlanField>& fields;
  const std::vector<int>& top;  // by position in the schema: into `fields`; -1: the header
};
// False when a text is no bitmap. `touched`: one a field.
[[nodiscard]] bool MarkTouched(const BitmapFields& plan, const std::vector<std::string_view>& texts,
                               Touch touch, std::vector<Touch>& touched);

}  // namespace firn::events
