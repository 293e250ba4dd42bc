// Calls of services of the JSON protocols; private to aws.
#pragma once

#include <exception>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "core/base/call.h"
#include "ends/aws/client.h"

namespace firn::aws {

// The answer as an object. Errors: of AwsClient::CallJson; Corrupt (AWS-CALL-004).
[[nodiscard]] Result<nlohmann::json> AskJson(const Call& call, AwsClient& client,
                                             const Service& service, std::string_view target,
                                             const nlohmann::json& body);
[[nodiscard]] Error UnreadableAnswer(const Service& service);
// Runs what reads an answer; an answer of another shape is Corrupt (AWS-CALL-004).
template <typename Read>
[[nodiscard]] auto Reading(const Service& service, Read&& read) -> decltype(read()) {
  try {
    return read();
  } catch (const std::exception&) {
    return Fail(UnreadableAnswer(service));
  }
}
// An entry that a batch call refused, by the vendor's code. `ours`: trying the same again is no
// use.
[[nodiscard]] Error EntryError(const Service& service, std::string code, std::string message,
                               bool ours);
// JSON text; bytes that are no UTF-8 become U+FFFD.
[[nodiscard]] std::string JsonTextOf(const nlohmann::json& value);

}  // namespace firn::aws
