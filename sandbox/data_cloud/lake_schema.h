// What an Ingestion API connector of Data Cloud takes: its objects, their fields and types.
//
// A connector's schema is an OpenAPI 3.0 file, as the vendor's Setup takes it; what Setup asks for
// when a data stream is deployed stands in two extension keys of an object (`x-primary-key`,
// `x-record-modified`). Values are checked here and become JSON. Pure; any thread.
// Source: Data 360 Integration Guide, 'Requirements for Ingestion API Schema File', 'Get Started
// with Ingestion API' (valid date format), read 2026-11.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace firn::sandbox {

enum class LakeType : uint8_t { kText, kNumber, kBoolean, kDate, kDateTime };

struct LakeField {
  std::string name;
  LakeType type = LakeType::kText;
};

struct LakeObject {
  std::string name;
  std::vector<LakeField> fields;
  size_t key = 0;                  // place of the primary key: `x-primary-key`, `id`, or the first
  std::optional<size_t> modified;  // place of the record modified field, of type date-time

  // npos when there is none. Names are case-sensitive.
  [[nodiscard]] size_t PlaceOf(std::string_view field) const;
};

struct LakeSource {
  std::string name;
  std::vector<LakeObject> objects;

  [[nodiscard]] const LakeObject* Object(std::string_view object) const;
};

// Errors: BadInput (SBX-CLOUD-001) naming what breaks which rule, with line and column.
[[nodiscard]] Result<LakeSource> ParseLakeSchema(const std::string& source, std::string_view yaml);
// Objects and fields may be added to a schema, not taken out of it. Errors: BadInput
// (SBX-CLOUD-001).
[[nodiscard]] Result<void> CheckLakeChange(const LakeSource& before, const LakeSource& after);

[[nodiscard]] std::string_view LakeTypeName(LakeType type);
// Appends the text of a CSV cell as a JSON value, null when it is empty. False: it does not fit.
[[nodiscard]] bool AppendLakeCell(LakeType type, std::string_view text, std::string& json);
// Microseconds since 1970 of `2021-07-05T09:31:44.457Z`; nothing when it is not of that form.
[[nodiscard]] std::optional<int64_t> LakeInstant(std::string_view text);
[[nodiscard]] bool IsLakeDate(std::string_view text);    // `2021-07-05`
[[nodiscard]] bool IsLakeNumber(std::string_view text);  // as JSON writes numbers

}  // namespace firn::sandbox
