// Partition fields: the type a transform yields, and partition values in Avro. Pure.
#pragma once

#include <string>
#include <vector>

#include "core/base/error.h"
#include "ends/lake/format/avro.h"
#include "ends/lake/format/metadata.h"

namespace firn::lake {

// A field at any depth; nullptr when there is none of that id.
[[nodiscard]] const record::Field* FindField(const std::vector<record::Field>& fields, int id);

// Type of a partition value; text for a transform or source unknown here (spec: unknown transforms
// are ignored when reading). Source: Iceberg spec, "Partition Transforms", read 2026-11.
[[nodiscard]] record::Type PartitionValueType(const record::Schema& schema,
                                              const PartitionField& field);

// The Avro type of a partition value of that type.
[[nodiscard]] std::string AvroPrimitive(const record::Type& type, int field_id);
// `value`: single-value binary form.
void EncodePartitionValue(avro::Encoder& out, const record::Type& type, const std::string& value);
// Single-value binary form of what the writer's schema says it is; nothing for null.
[[nodiscard]] std::optional<std::string> DecodePartitionValue(const avro::Schema& schema,
                                                              const avro::Value& value);

// A floating value in single-value form; a float's when it is from before its column was widened.
[[nodiscard]] double DoubleOf(const std::string& bytes);
// A value that may be from before its column was widened, in the form of the type it has now (spec,
// "Schema Evolution": int to long, float to double, date to timestamp).
[[nodiscard]] std::string Widened(const record::Type& type, const std::string& value);
// Below, at or above zero; two values of a type, or from before it was widened. Bytes and UUIDs
// order as bytes without a sign do; with NaN nothing orders.
[[nodiscard]] int ComparePartitionValues(const record::Type& type, const std::string& a,
                                         const std::string& b);

}  // namespace firn::lake
