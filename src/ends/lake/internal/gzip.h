// gzip for metadata files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace firn::lake::internal {

[[nodiscard]] std::string Gzip(std::string_view bytes);
// Without header and checksum, as Avro's codec `deflate` has it.
[[nodiscard]] std::string DeflateRaw(std::string_view bytes);
// Errors: Corrupt (LAKE-META-001): cut short, damaged, or larger than
// `inflated_max`.
[[nodiscard]] Result<std::string> Gunzip(std::string_view bytes,
                                         uint64_t inflated_max = 1ULL << 30);

}  // namespace firn::lake::internal
