// Table metadata of any origin: read, or refused with an error; what was read writes and reads
// back.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "ends/lake/format/metadata.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = firn::lake::ParseMetadata(text);
  if (!read) return 0;
  // Version 3's members stay text and may repeat a known key only by a bug.
  const std::string json = firn::lake::MetadataJson(*read);
  const auto again = firn::lake::ParseMetadata(json);
  FIRN_ASSERT(again.has_value());
  FIRN_ASSERT(firn::lake::MetadataJson(*again) == json);
  return 0;
}
