// Errors of the org as its clients see them: an HTTP status, the vendor's code, a message, fields.
//
// An ordinary firn::Error carries them: status and code stand in `remote`, the message in `what`,
// the fields in `where`. These functions are the only ones that know this. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace firn::sandbox {

// `SBX-API-001` with the vendor's code, e.g. (400, "MALFORMED_QUERY", "unexpected token: 'FRO'").
[[nodiscard]] Error ApiError(int status, std::string_view vendor_code, std::string message,
                             const std::vector<std::string>& fields = {});

struct ApiErrorParts {
  int status = 500;
  std::string code;  // `INVALID_FIELD`
  std::string message;
  std::vector<std::string> fields;
};
// What to answer for any error; one that is not the vendor's becomes 500 `UNKNOWN_EXCEPTION`.
[[nodiscard]] ApiErrorParts PartsOf(const Error& error);

}  // namespace firn::sandbox
