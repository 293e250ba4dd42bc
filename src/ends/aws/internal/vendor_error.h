// AWS's error answers as Firn's errors.
#pragma once

#include <string>

#include "core/base/error.h"
#include "core/net/client.h"

namespace firn::aws {

struct VendorError {
  std::string code;     // `ThrottlingException`, without namespace and URI
  std::string message;  // the vendor's sentence; no secret stands in it
  std::string request_id;
};

[[nodiscard]] VendorError ReadVendorError(const net::Response& response);
[[nodiscard]] bool IsThrottling(const net::Response& response, const VendorError& error);
// The signature's time is too far from the service's.
[[nodiscard]] bool IsClockSkew(const VendorError& error);
// The session token, not the key, is past its life.
[[nodiscard]] bool IsExpired(const VendorError& error);
[[nodiscard]] Error AsError(std::string_view service, const net::Response& response,
                            const VendorError& error);

}  // namespace firn::aws
