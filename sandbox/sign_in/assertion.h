// The signed assertion of the JWT bearer flow, read as leniently as the vendor reads it.
//
// Pure functions; any thread. Source: Salesforce Help, "OAuth 2.0 JWT Bearer Flow for
// Server-to-Server Integration", read 2026-11; quirks: what simple-salesforce and sf send.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"

namespace firn::sandbox {

struct Assertion {
  std::string algorithm;
  std::string issuer;
  std::string subject;
  std::vector<std::string> audiences;
  std::optional<UtcMicros> expires;  // `exp` may be a number or text, in seconds or milliseconds
  std::string signing_input;
  std::string signature;
};
// Nothing when it is not three base64url parts with JSON objects in the first two.
[[nodiscard]] std::optional<Assertion> ParseAssertion(std::string_view text);

// Whether one audience names this org: a login address, a My Domain address, or the address that
// the client used (`base_url`); a path and a trailing slash do not matter.
[[nodiscard]] bool AudienceFits(std::string_view audience, std::string_view base_url);

}  // namespace firn::sandbox
