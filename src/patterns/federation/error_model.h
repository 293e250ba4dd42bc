// Errors as the REST catalog's clients expect them: an HTTP status and the ErrorModel body, whose
// type is the exception that the Java reference throws for it. Pure, any thread.
// Source: REST catalog spec, "ErrorModel" and the calls' responses; apache/iceberg 1.11
// ErrorHandlers, read 2026-11.
#pragma once

#include <string>

#include "core/base/error.h"

namespace firn::federation {

struct ErrorAnswer {
  int status = 500;
  std::string body;
};
[[nodiscard]] ErrorAnswer ErrorAnswerFor(const Error& error);

}  // namespace firn::federation
