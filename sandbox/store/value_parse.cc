// Text from a client into a typed value.
#include <algorithm>

#include "core/base/time_text.h"
#include "sandbox/api_error.h"
#include "sandbox/decimal.h"
#include "sandbox/foreign_id.h"
#include "sandbox/schema.h"
#include "sandbox/value.h"

namespace firn::sandbox {
namespace {

tl::unexpected<Error> BadFormat(const FieldInfo& field, std::string_view text) {
  const std::string shown(text.substr(0, 40));
  return Fail(ApiError(400, "JSON_PARSER_ERROR",
                       "Cannot deserialize instance of " + std::string(TypeName(field.type)) +
                           " from VALUE_STRING value " + shown +
                           " or request may be missing a "
                           "required field",
                       {field.name}));
}

tl::unexpected<Error> OutOfRange(const FieldInfo& field) {
  return Fail(ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE",
                       field.label + ": value outside of valid range on numeric field",
                       {field.name}));
}

Result<Value> ParseNumber(const FieldInfo& field, std::string_view text) {
  const auto value = ParseDecimal(text, {field.precision, field.scale});
  if (value) return *value;
  return value.error() == NumberFault::kRange ? OutOfRange(field) : BadFormat(field, text);
}

Result<Value> ParseInt(const FieldInfo& field, std::string_view text) {
  const auto value = ParseDecimal(text, {});
  if (!value && value.error() == NumberFault::kRange) return OutOfRange(field);
  if (!value || value->scale > 0) return BadFormat(field, text);
  if (field.type == FieldType::kInt && (value->number > INT32_MAX || value->number < INT32_MIN)) {
    return OutOfRange(field);
  }
  return Value::Int(value->number);
}

size_t CodePoints(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<uint8_t>(c) & 0xc0) != 0x80; });
}

Result<Value> ParseText(const FieldInfo& field, std::string_view text) {
  const auto length = static_cast<size_t>(field.length);
  if (length > 0 && text.size() > length && CodePoints(text) > length) {
    return Fail(ApiError(400, "STRING_TOO_LONG",
                         field.label +
                             ": data value too large: " + std::string(text.substr(0, 80)) +
                             " (max length=" + std::to_string(field.length) + ")",
                         {field.name}));
  }
  if (field.type == FieldType::kEmail) {
    const size_t at = text.find('@');
    if (at == 0 || at == std::string_view::npos || text.find('.', at) == std::string_view::npos ||
        text.find(' ') != std::string_view::npos) {
      return Fail(ApiError(400, "INVALID_EMAIL_ADDRESS",
                           field.label + ": invalid email address: " + std::string(text),
                           {field.name}));
    }
  }
  return Value::Text(text);
}

Result<Value> ParseClock(const FieldInfo& field, std::string_view text) {
  const auto instant = ParseInstant("1970-01-01T" + std::string(text));
  if (!instant) return BadFormat(field, text);
  const auto micros = instant->time_since_epoch().count();
  if (micros < 0 || micros >= 86'400'000'000) return BadFormat(field, text);
  return Value::Time(micros / 1000);
}

}  // namespace

Result<Value> ParseFieldView(const FieldInfo& field, std::string_view text) {
  if (text.empty()) return Value{};
  switch (field.type) {
    case FieldType::kId:
    case FieldType::kReference: {
      const auto id = ParseId(text);
      if (!id && IsForeignId(text)) {
        return Fail(ApiError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id",
                             {field.name}));
      }
      if (!id) {
        return Fail(ApiError(
            400, "MALFORMED_ID",
            field.label + ": id value of incorrect type: " + std::string(text.substr(0, 40)),
            {field.name}));
      }
      return Value::Id(*id);
    }
    case FieldType::kBoolean: {
      const std::string folded = Folded(text);
      if (folded == "true" || folded == "1") return Value::Bool(true);
      if (folded == "false" || folded == "0") return Value::Bool(false);
      return BadFormat(field, text);
    }
    case FieldType::kInt:
    case FieldType::kLong:
      return ParseInt(field, text);
    case FieldType::kDouble:
    case FieldType::kCurrency:
    case FieldType::kPercent:
      return ParseNumber(field, text);
    case FieldType::kDate: {
      const auto day = ParseDate(text.substr(0, 10));
      if (!day) return BadFormat(field, text);
      return Value::Date(day->time_since_epoch().count());
    }
    case FieldType::kDateTime: {
      const auto instant = ParseInstant(text);
      if (!instant) return BadFormat(field, text);
      return Value::DateTime(
          std::chrono::floor<std::chrono::milliseconds>(*instant).time_since_epoch().count());
    }
    case FieldType::kTime:
      return ParseClock(field, text);
    default:
      return ParseText(field, text);
  }
}

Result<Value> ParseFieldText(const FieldInfo& field, std::string_view text, std::string& storage) {
  FIRN_TRY(Value value, ParseFieldView(field, text));
  if (value.kind == Value::Kind::kText) {
    storage.assign(value.text);
    value.text = storage;
  }
  return value;
}

}  // namespace firn::sandbox
