// Sets of row positions in the portable Roaring format, 64-bit form. Pure; any thread.
//
// Source: RoaringFormatSpec (github.com/RoaringBitmap/RoaringFormatSpec), "Extension for 64-bit
// implementations"; Iceberg Puffin spec, "deletion-vector-v1"; read 2026-11.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace firn::lake {

// `positions`: sorted, each once, not negative.
[[nodiscard]] std::string WriteRoaring(const std::vector<int64_t>& positions);

// Sorted positions, no more than `positions_max`: a few bytes can stand for billions. Every length
// and order is checked. Errors: Corrupt (LAKE-DV-001) saying what.
[[nodiscard]] Result<std::vector<int64_t>> ReadRoaring(std::string_view bytes,
                                                       int64_t positions_max);

}  // namespace firn::lake
