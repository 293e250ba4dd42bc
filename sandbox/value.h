// Values of records, and how the org prints them.
//
// A Value is a small view: text points into whatever holds the row (a cursor's current row, a
// Record). Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace firn::sandbox {

struct FieldInfo;

struct Value {
  enum class Kind : uint8_t {
    kNull,
    kBool,      // number is 0 or 1
    kInt,       // number
    kDecimal,   // number x 10^-scale
    kText,      // text
    kDate,      // number: days since 1970-01-01
    kDateTime,  // number: milliseconds since 1970-01-01T00:00Z
    kTime,      // number: milliseconds since midnight
    kId,        // number: see RecordId
    kJson,      // text is rendered JSON: a compound field, or the rows of a child subquery
  };
  Kind kind = Kind::kNull;
  uint8_t scale = 0;
  int64_t number = 0;
  std::string_view text;

  [[nodiscard]] bool null() const { return kind == Kind::kNull; }
  [[nodiscard]] static Value Bool(bool value) { return {Kind::kBool, 0, value, {}}; }
  [[nodiscard]] static Value Int(int64_t value) { return {Kind::kInt, 0, value, {}}; }
  [[nodiscard]] static Value Decimal(int64_t unscaled, int scale) {
    return {Kind::kDecimal, static_cast<uint8_t>(scale), unscaled, {}};
  }
  [[nodiscard]] static Value Text(std::string_view text) { return {Kind::kText, 0, 0, text}; }
  [[nodiscard]] static Value Date(int64_t days) { return {Kind::kDate, 0, days, {}}; }
  [[nodiscard]] static Value DateTime(int64_t millis) { return {Kind::kDateTime, 0, millis, {}}; }
  [[nodiscard]] static Value Time(int64_t millis) { return {Kind::kTime, 0, millis, {}}; }
  [[nodiscard]] static Value Id(int64_t id) { return {Kind::kId, 0, id, {}}; }
  [[nodiscard]] static Value Json(std::string_view json) { return {Kind::kJson, 0, 0, json}; }
};
// The same bytes would be stored.
[[nodiscard]] inline bool SameValue(const Value& a, const Value& b) {
  return a.kind == b.kind && a.number == b.number && a.text == b.text;
}

// Record ids. Inside they are one number: key prefix (18 bits) and record number (45 bits), so that
// ids sort as their text does. Outside they are 15 case-sensitive characters and a 3-character
// suffix that makes them safe without case.
// Source: Salesforce Help, 'What are 15- and 18-character record IDs', read 2026-11.
[[nodiscard]] int64_t MakeId(std::string_view key_prefix, uint64_t record_number);
[[nodiscard]] inline uint64_t RecordNumberOf(int64_t id) { return id & ((1ULL << 45) - 1); }
[[nodiscard]] std::string KeyPrefixOf(int64_t id);
void AppendId(int64_t id, std::string& out);  // 18 characters
[[nodiscard]] std::string IdText(int64_t id);
// Takes 15 or 18 characters (the suffix is checked without regard to case). Nothing when the text
// is no id of this org's shape.
[[nodiscard]] std::optional<int64_t> ParseId(std::string_view text);

// A number as the vendor prints doubles: at least one fraction digit, an exponent from 1.0E7 on
// and below 0.001 (`15000.0`, `3.5E8`).
void AppendDecimal(int64_t unscaled, int scale, std::string& out);
// `2026-01-31`, `2026-01-31T08:15:00.000`, `08:15:00.000Z`; the zone of an instant is the caller's.
void AppendDate(int64_t days, std::string& out);
void AppendInstant(int64_t millis, std::string& out);
void AppendTime(int64_t millis, std::string& out);
// JSON string with quotes; control characters, quote and backslash escaped (RFC 8259).
void AppendJsonText(std::string_view text, std::string& out);
// As REST answers print it (`..T08:15:00.000+0000`, null, true, numbers bare, texts quoted).
void AppendJson(const Value& value, std::string& out);
// As Bulk CSV prints it, without quotes (`..T08:15:00.000Z`, nothing for null).
void AppendPlain(const Value& value, std::string& out);

// Lower case for comparing: ASCII, Latin, Greek and Cyrillic letters, as SOQL compares texts.
void AppendFolded(std::string_view text, std::string& out);
[[nodiscard]] std::string Folded(std::string_view text);

// Text from a client into a field's value; a text value points into `text`. The empty text is null.
// Errors: api errors as an insert reports them (JSON_PARSER_ERROR, STRING_TOO_LONG,
// NUMBER_OUTSIDE_VALID_RANGE, MALFORMED_ID, INVALID_EMAIL_ADDRESS).
[[nodiscard]] Result<Value> ParseFieldView(const FieldInfo& field, std::string_view text);
// The same with a text of its own: `storage` receives what the value points to.
[[nodiscard]] Result<Value> ParseFieldText(const FieldInfo& field, std::string_view text,
                                           std::string& storage);

}  // namespace firn::sandbox
