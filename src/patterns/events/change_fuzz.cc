// The event decoder, the diffs and the encoder of platform events against any bytes: a schema, a
// zero byte, a payload or the JSON of one. What was encoded can be decoded.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "patterns/events/change/diff.h"
#include "patterns/events/change/json.h"
#include "patterns/events/change/plan.h"
#include "patterns/events/target/event_encoder.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const size_t split = bytes.find('\0');
  if (split == std::string_view::npos) return 0;
  const std::string_view payload = bytes.substr(split + 1);
  (void)firn::events::ApplyDiff(bytes.substr(0, split), payload);
  const auto plan = firn::events::ChangePlan::Compile(bytes.substr(0, split));
  if (!plan) return 0;
  firn::events::ChangeRecord record;
  if (const auto encoder = firn::events::EventEncoder::Compile(bytes.substr(0, split))) {
    const auto encoded = encoder->Encode(payload, {firn::UtcMicros(), "005"});
    if (encoded && !plan->is_change_event())
      FIRN_ASSERT(plan->Decode(*encoded, record).has_value());
  }
  if (!plan->Decode(payload, record)) return 0;
  std::string json;
  firn::events::AppendDetail(*plan, record, {}, json);
  return 0;
}
