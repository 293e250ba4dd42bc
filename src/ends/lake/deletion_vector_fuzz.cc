// Bytes of others as a deletion vector: read without harm, and what is read is written back the
// same.
#include <cstdint>
#include <string_view>

#include "ends/lake/format/deletion_vector.h"
#include "ends/lake/format/roaring.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  constexpr int64_t kPositionsMax = 1 << 20;
  (void)firn::lake::ReadDeletionVector(bytes, kPositionsMax);
  if (const auto positions = firn::lake::ReadRoaring(bytes, kPositionsMax)) {
    const auto again = firn::lake::ReadRoaring(firn::lake::WriteRoaring(*positions), kPositionsMax);
    if (!again || *again != *positions) __builtin_trap();
  }
  return 0;
}
