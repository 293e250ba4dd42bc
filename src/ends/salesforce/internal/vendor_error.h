// What an org answers when it refuses: read once here, turned into Firn's own kinds and codes.
// Private to the room; pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/net/http.h"

namespace firn::salesforce {

// The first error of a body in any of the vendor's shapes: `[{"message","errorCode"}]` (REST, Bulk
// 2.0), `{"exceptionCode","exceptionMessage"}` (Bulk v1), `{"error","error_description"}` (OAuth).
// Empty texts when the body holds none of them (a proxy's HTML page).
struct VendorError {
  std::string code;
  std::string message;  // at most 500 bytes, one line
};
[[nodiscard]] VendorError ParseVendorError(std::string_view body);

struct Refusal {
  std::string_view system;  // the org's name in the project
  int status = 0;
  const net::Headers* headers = nullptr;
  std::string_view body;
};

// True when a new session can help: it expired or was revoked. False for the 401s that are about
// the app or the kind of session (R5): renewing those would loop.
[[nodiscard]] bool IsExpiredSession(int status, const VendorError& error);
// A refused REST or Bulk request. Never quotes more than the vendor's message.
[[nodiscard]] Error ApiError(const Refusal& refusal);
// A refused request that creates or reads a Bulk query job; ApiError for what is not Bulk's own.
[[nodiscard]] Error BulkError(const Refusal& refusal);
// Whether a message of Bulk says that it cannot read this object or these fields at all.
[[nodiscard]] bool BulkCannotRead(std::string_view code, std::string_view message);

[[nodiscard]] Remote RemoteOf(const Refusal& refusal, const VendorError& error);
// Seconds or HTTP date of `Retry-After`; nothing when absent or nonsense. At most an hour.
[[nodiscard]] std::optional<std::chrono::milliseconds> RetryAfterOf(const net::Headers& headers);

}  // namespace firn::salesforce
