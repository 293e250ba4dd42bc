// The shapes of an answer: JSON, the REST API's error arrays, OAuth's error objects.
//
// Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/net/server.h"
#include "sandbox/api_error.h"

namespace firn::sandbox {

using Answer = net::ServerResponse;

[[nodiscard]] Answer JsonAnswer(int status, std::string json);
[[nodiscard]] Answer NoContent();
// The array with one element that every REST error is.
// Source: REST API Developer Guide, "Status Codes and Error Responses", read 2026-11.
[[nodiscard]] Answer ErrorAnswer(const Error& error);
[[nodiscard]] std::string ErrorJson(const ApiErrorParts& parts);  // the element alone
[[nodiscard]] Answer ErrorAnswer(int status, std::string_view code, std::string_view message);
// 404 with the text that unknown paths, records and versions share.
[[nodiscard]] Answer NotFoundAnswer();
// 405 in the vendor's words; `allowed` is `GET,POST`.
[[nodiscard]] Answer MethodNotAllowed(std::string_view method, std::string_view allowed);
// `{"error":..,"error_description":..}`. Source: Salesforce Help, "OAuth 2.0 Error Codes".
[[nodiscard]] Answer OAuthError(std::string_view error, std::string_view description,
                                int status = 400);

// A JSON string literal with its quotes; bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string JsonString(std::string_view text);
// `2026-11-24T02:56:02.000+0000`, the REST API's form of a datetime.
[[nodiscard]] std::string RestDatetime(UtcMicros time);
// `Tue, 24 Nov 2026 02:56:02 GMT` (RFC 9110), and back. Epoch when it cannot be read.
[[nodiscard]] std::string HttpDate(UtcMicros time);
[[nodiscard]] UtcMicros ParseHttpDate(const std::string& text);

}  // namespace firn::sandbox
