// The CSV lines of event log files: which columns a type has, and what a request or a sign-in makes
// of them. Pure; any thread.
// Source: Object Reference, "EventLogFile Supported Event Types" (API, API Total Usage, Bulk API
// 2.0, Login, Logout, REST API), read 2026-11-25; columns that the sandbox knows nothing of are
// left out, as LogFileFieldNames tells readers to expect.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "sandbox/life/request_log.h"
#include "sandbox/sign_in/sign_in_parts.h"

namespace firn::sandbox {

struct EventLine {
  std::string type;  // `RestApi`
  std::string csv;   // one line with its end
};

// What a line needs beside the request itself.
struct EventContext {
  std::string org_id;  // 18 characters
  std::string client_ip;
  std::string user_agent;
  std::string request_id;
  std::string soap_method;  // of a SOAP call: `login`
  size_t request_bytes = 0;
};

// The lines of an API request: ApiTotalUsage, and RestApi or BulkApi2; API of a SOAP call. None for
// other paths.
[[nodiscard]] std::vector<EventLine> LinesOf(const RequestLine& line, const EventContext& context);
[[nodiscard]] EventLine LoginLine(const SignInAttempt& attempt, UtcMicros at, bool tls,
                                  const EventContext& context);
[[nodiscard]] EventLine LogoutLine(const std::string& user_id, UtcMicros at,
                                   const EventContext& context);

// `EVENT_TYPE,TIMESTAMP,..`, and the types in the same order. Empty for an unknown type.
[[nodiscard]] std::string FieldNamesOf(std::string_view type);
[[nodiscard]] std::string FieldTypesOf(std::string_view type);
// The first line of a file of this type, quoted.
[[nodiscard]] std::string HeaderOf(std::string_view type);

}  // namespace firn::sandbox
