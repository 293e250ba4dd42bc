#include "ends/aws/internal/json_api.h"

#include <nlohmann/json.hpp>

#include "ends/aws/internal/vendor_error.h"

namespace firn::aws {

using nlohmann::json;

std::string JsonTextOf(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

Error UnreadableAnswer(const Service& service) {
  return Error(Kind::kCorrupt, "AWS-CALL-004", "AWS's answer cannot be read")
      .At(std::string(service.endpoint))
      .RetryWithBackoff();
}

Result<json> AskJson(const Call& call, AwsClient& client, const Service& service,
                     std::string_view target, const json& body) {
  FIRN_TRY(const std::string text, client.CallJson(call, service, target, JsonTextOf(body)));
  // Some actions answer with nothing.
  json answer = text.empty() ? json::object() : json::parse(text, nullptr, false);
  if (!answer.is_object()) return Fail(UnreadableAnswer(service));
  return answer;
}

Error EntryError(const Service& service, std::string code, std::string message, bool ours) {
  net::Response response;
  response.status = ours ? 400 : 500;
  VendorError vendor;
  vendor.code = std::move(code);
  vendor.message = std::move(message);
  return AsError(service.endpoint, response, vendor);
}

}  // namespace firn::aws
