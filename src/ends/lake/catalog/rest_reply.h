// The refusals of a REST catalog in Firn's words. Pure functions, any thread. Source: Iceberg REST
// catalog spec, "IcebergErrorResponse", "OAuthError"; read 2026-11.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/base/error.h"
#include "core/net/client.h"

namespace firn::lake {

// The error of an answer that is no success; the catalog's own type and text are kept. Kinds:
// BadInput (LAKE-REST-001), Denied (-002 not signed in, -003 not allowed), NotFound (-004),
// Conflict
// (-005), Unsupported (-006), Throttled (-007: 429, 503), Unreachable (-008: other 5xx), Corrupt
// (-009: no answer of a catalog).
[[nodiscard]] Error RestError(const net::Response& response, const std::string& where);
// The same of a token server. Denied (LAKE-REST-002) unless it is busy or broken.
[[nodiscard]] Error RestTokenError(const net::Response& response, const std::string& where);
// Retry-After in seconds, at most five minutes of it.
[[nodiscard]] std::optional<std::chrono::seconds> RetryAfterOf(const net::Response& response);
// The answer was lost, or says that nobody knows: the request may have been carried out.
[[nodiscard]] bool MayHaveHappened(const Error& error);

}  // namespace firn::lake
