// Requests inside of requests: what `composite` and `composite/batch` share.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sandbox/api_request.h"

namespace firn::sandbox {

struct Subrequest {
  std::string method;
  std::string url;  // `/services/data/v60.0/sobjects/Account`, `v60.0/sobjects/Account`
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

// Runs it as a request of its own under the outer one's session; it costs nothing more. Answers
// about the subrequest itself (a wrong version, a composite in a composite) are errors too.
[[nodiscard]] Answer RunSubrequest(ApiParts& parts, const ApiRequest& outer, const Subrequest& one);

}  // namespace firn::sandbox
