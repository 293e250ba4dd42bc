// A table's schema in Iceberg's terms (spec, "Schemas and Data Types"): what lake writes into
// metadata.json and what record decodes into. Plain values; may be copied between threads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace firn::record {

enum class TypeId {
  kBoolean,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kDecimal,
  kDate,
  kTime,         // microseconds since midnight
  kTimestamp,    // microseconds, without zone
  kTimestamptz,  // microseconds, UTC
  kString,
  kUuid,
  kFixed,
  kBinary,
  kStruct,
  kList,
  kMap,
};

struct Field;

struct Type {
  TypeId id = TypeId::kString;
  int precision = 0;  // decimal: digits; timestamp: 9 in nanoseconds, else microseconds
  int scale = 0;      // decimal
  int length = 0;     // fixed
  // struct: its fields; list: one field `element`; map: two fields `key` and `value`.
  std::vector<Field> children;

  bool operator==(const Type&) const = default;
};

struct Field {
  int id = 0;  // unique in the table, never used again once dropped
  std::string name;
  bool required = false;
  Type type;
  std::string doc;

  bool operator==(const Field&) const = default;
};

struct Schema {
  int schema_id = 0;
  std::vector<Field> fields;
  std::vector<int> identifier_field_ids;

  // Top-level field by exact name; nullptr when absent.
  [[nodiscard]] const Field* Find(std::string_view name) const;
  [[nodiscard]] int HighestFieldId() const;
  bool operator==(const Schema&) const = default;
};

// `decimal(18, 2)`, `timestamptz`, `list<string>`: Iceberg's spelling; for people and
// metadata.json.
[[nodiscard]] std::string TypeText(const Type& type);

}  // namespace firn::record
