// Published events are bytes from outside: no input may crash the check or make it run away.
#include <cstddef>
#include <cstdint>

#include "sandbox/events/avro_check.h"
#include "sandbox/events/event_bytes.h"

namespace {
constexpr const char* kSchema =
    R"({"type":"record","name":"E","fields":[{"name":"a","type":"long"},{"name":"b","type":"string"},)"
    R"({"name":"c","type":["null","double"]},{"name":"d","type":["null",{"type":"record","name":"R",)"
    R"("fields":[{"name":"x","type":["null","boolean"]}]}]},{"name":"e","type":{"type":"array",)"
    R"("items":["null","R"]}},{"name":"f","type":{"type":"enum","name":"K","symbols":["A","B"]}}]})";
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static_cast<void>(firn::sandbox::CheckAvro(kSchema, bytes));
  static_cast<void>(firn::sandbox::CheckAvro(bytes, "\x02\x00"));
  const auto reader = firn::sandbox::EventReader::Make(bytes);
  if (reader) static_cast<void>(reader->Read("\x02\x00"));
  return 0;
}
