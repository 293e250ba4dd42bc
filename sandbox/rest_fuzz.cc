// Bodies of REST requests and of Bayeux messages of any origin, the text that pretty printing gets,
// zone files.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sandbox/pretty_json.h"
#include "sandbox/rest/body.h"
#include "sandbox/streaming/bayeux_message.h"
#include "sandbox/time_zone.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)firn::sandbox::ReadRecordBody(text);
  (void)firn::sandbox::ReadRecordsBody(text);
  (void)firn::sandbox::PrettyJson(text);
  for (const bool is_form : {false, true}) {
    const auto messages = firn::sandbox::ParseBayeux(text, is_form);
    if (!messages) continue;
    for (const auto& message : *messages) (void)firn::sandbox::ReplyJson(message, {});
  }
  const auto zone = firn::sandbox::TimeZone::Parse(text);
  (void)zone.ToUtc(1'795'488'962'000);
  (void)zone.OffsetAt(4'000'000'000'000);
  return 0;
}
