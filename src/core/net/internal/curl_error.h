// libcurl's results in the domain's words; private to net.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.h"

namespace firn::net {

// What is known of a transfer that ended.
struct CurlEnd {
  int code = 0;         // CURLcode
  std::string message;  // curl's own text, may be empty
  std::string where;    // scheme://host:port/path, without query
  bool connected = false;
  int proxy_status = 0;  // of CONNECT, 0 without
};

[[nodiscard]] Error TranslateCurl(const CurlEnd& end);
// The address without what may hold a secret: user, query and fragment.
[[nodiscard]] std::string PublicUrl(std::string_view url);

}  // namespace firn::net
