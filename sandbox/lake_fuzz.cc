// Schemas, records and keys that clients of Data Cloud send. The first byte decides which: a
// schema, or records against a small one.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sandbox/data_cloud/lake_records.h"

namespace {

firn::sandbox::LakeObject SmallObject() {
  using firn::sandbox::LakeType;
  firn::sandbox::LakeObject object;
  object.name = "orders";
  object.fields = {{"id", LakeType::kText},
                   {"total", LakeType::kNumber},
                   {"exempt", LakeType::kBoolean},
                   {"day", LakeType::kDate},
                   {"seen", LakeType::kDateTime}};
  object.modified = 4;
  return object;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 's') {
    (void)firn::sandbox::ParseLakeSchema("shop", text);
    return 0;
  }
  (void)firn::sandbox::ReadLakeRecords(SmallObject(), text, data[0] == 't');
  (void)firn::sandbox::ReadLakeKeys(text.substr(0, size / 2), text);
  return 0;
}
