#include "patterns/federation/publish/cloud_value.h"

#include <algorithm>

#include "core/base/encoding.h"

namespace firn::federation {
namespace {

using record::TypeId;

constexpr size_t kMillisecondDigits = 3;

tl::unexpected<Error> Unsendable(std::string why) {
  return Fail(Error(Kind::kBadInput, "PUB-CLOUD-002", "a value cannot be sent to Data Cloud")
                  .Because(std::move(why)));
}

// `2026-11-24T02:56:02[.123456]` and its zone, which is UTC.
Result<CloudValue> Instant(const std::string& text) {
  const size_t dot = text.find('.');
  const size_t zone = text.find_first_of("Z+", 10);
  if (zone == std::string::npos) return Unsendable("it is no instant");
  std::string fraction =
      dot == std::string::npos ? std::string() : text.substr(dot + 1, zone - dot - 1);
  CloudValue value;
  value.cut = fraction.size() > kMillisecondDigits &&
              fraction.find_first_not_of('0', kMillisecondDigits) != std::string::npos;
  fraction.resize(kMillisecondDigits, '0');
  value.text = text.substr(0, std::min(dot, zone)) + "." + fraction + "Z";
  return value;
}

}  // namespace

bool HasCloudType(TypeId id) {
  switch (id) {
    case TypeId::kBoolean:
    case TypeId::kInt:
    case TypeId::kLong:
    case TypeId::kFloat:
    case TypeId::kDouble:
    case TypeId::kDecimal:
    case TypeId::kDate:
    case TypeId::kTimestamptz:
    case TypeId::kString:
    case TypeId::kUuid:
      return true;
    default:
      return false;
  }
}

Result<CloudValue> CloudValueOf(std::string text, const record::Field& field) {
  switch (field.type.id) {
    case TypeId::kString:
      if (!IsUtf8(text)) return Unsendable("it is not UTF-8");
      if (text.find('\0') != std::string::npos) return Unsendable("it holds a NUL");
      break;
    case TypeId::kFloat:
    case TypeId::kDouble:
      if (text.find_first_not_of("+-.0123456789eE") != std::string::npos)
        return Unsendable("it is no finite number");
      break;
    case TypeId::kTimestamptz:
      return Instant(text);
    default:
      break;
  }
  return CloudValue{std::move(text), false};
}

}  // namespace firn::federation
