// The first Bulk API's door. Stateless; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sandbox/api_request.h"

namespace firn::sandbox {

struct ClassicRequest {
  const net::ServerRequest& http;
  int version = 0;                // 60 of `60.0`
  std::vector<std::string> path;  // decoded segments after the version
  std::string body;               // inflated
  Session session;
};

[[nodiscard]] Answer HandleClassicBulk(ApiParts& parts, const ClassicRequest& request);
// 400 with `exceptionCode` and `exceptionMessage`, as JSON or XML.
[[nodiscard]] Answer ClassicError(ApiParts& parts, const ClassicRequest& request,
                                  std::string_view code, const std::string& message);

}  // namespace firn::sandbox
