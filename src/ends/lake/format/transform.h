// Transforms: a partition's or sort order's value of a column's value (spec, "Partition
// Transforms"). Pure; any thread.
//
// Values go in and come out in single-value form (single_value.h), nothing for null, so that what
// is written into manifests is what is compared when files are passed over.
// Source: Iceberg spec, "Partition Transforms" and appendix B "32-bit Hash Requirements", read
// 2026-11.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/record/schema.h"

namespace firn::lake {

struct Transform {
  enum class Kind { kIdentity, kBucket, kTruncate, kYear, kMonth, kDay, kHour, kVoid, kUnknown };
  Kind kind = Kind::kUnknown;
  int width = 0;  // buckets, or what is truncated to
  bool operator==(const Transform&) const = default;
};

// `bucket[16]`, `day`. A text that is no transform of the spec gives kUnknown: readers pass those
// over.
[[nodiscard]] Transform ParseTransform(std::string_view text);
// Whether a column of that type has such a value. kUnknown applies to none.
[[nodiscard]] bool AppliesTo(const Transform& transform, const record::Type& source);
// The type of the values. Of kUnknown: text.
[[nodiscard]] record::Type ResultType(const Transform& transform, const record::Type& source);
// `value`: of the source's type; nothing is null. kUnknown and kVoid give nothing.
[[nodiscard]] std::optional<std::string> Transformed(const Transform& transform,
                                                     const record::Type& source,
                                                     const std::optional<std::string>& value);
// Whether larger values never give smaller ones, so that a range of values is a range of results.
[[nodiscard]] bool KeepsOrder(const Transform& transform);

// Murmur3, 32 bits, x86 variant, seed 0.
[[nodiscard]] uint32_t Murmur3(std::string_view bytes);

}  // namespace firn::lake
