#include "sandbox/streaming/record_check.h"

#include "sandbox/api_error.h"
#include "sandbox/streaming/push_topic_query.h"

namespace firn::sandbox {
namespace {

constexpr double kApiVersionFirst = 20;

Value ValueAt(const ObjectInfo& object, std::span<const Value> values, std::string_view name) {
  const FieldInfo* field = object.Field(name);
  return field == nullptr || field->slot < 0 ? Value{} : values[static_cast<size_t>(field->slot)];
}

Result<void> CheckVersion(const Value& version) {
  double number = static_cast<double>(version.number);
  for (int digit = 0; digit < version.scale; ++digit) number /= 10;
  if (number > kApiVersionFirst) return {};
  return Fail(
      ApiError(400, "INVALID_FIELD", "API version must be greater than 20.0", {"ApiVersion"}));
}

}  // namespace

Result<void> CheckStreamingRecord(const std::shared_ptr<const Catalogue>& catalogue,
                                  const ObjectInfo& object, std::span<const Value> values,
                                  int64_t now_millis) {
  if (object.name == "StreamingChannel") {
    const Value name = ValueAt(object, values, "Name");
    if (name.text.starts_with("/u/") && name.text.size() > 3) return {};
    return Fail(ApiError(400, "FIELD_INTEGRITY_EXCEPTION",
                         "Streaming channel names must begin with /u/", {"Name"}));
  }
  if (object.name != "PushTopic") return {};
  FIRN_CHECK(CheckVersion(ValueAt(object, values, "ApiVersion")));
  const auto bound =
      PushTopicQuery::Bind(ValueAt(object, values, "Query").text, catalogue, now_millis);
  if (!bound) return Fail(bound.error());
  return {};
}

}  // namespace firn::sandbox
