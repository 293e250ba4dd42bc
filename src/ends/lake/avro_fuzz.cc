// Avro files of any origin, read generically and as manifest list and manifest.
#include <cstddef>
#include <cstdint>
#include <string>

#include "ends/lake/format/avro.h"
#include "ends/lake/format/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  if (auto reader = firn::lake::avro::FileReader::Open(bytes, "fuzz")) {
    firn::lake::avro::Value record;
    for (int i = 0; i < 1000; ++i) {
      const auto more = reader->Next(record);
      if (!more || !*more) break;
    }
  }
  (void)firn::lake::ReadManifestList(bytes, "fuzz");
  firn::lake::ManifestFile line;
  line.path = "fuzz";
  (void)firn::lake::ReadManifest(
      bytes, line, [](firn::lake::ManifestEntry) -> firn::Result<void> { return {}; });
  return 0;
}
