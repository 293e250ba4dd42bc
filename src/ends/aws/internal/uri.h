// URLs taken apart and encoded as Signature Version 4 wants them. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace firn::aws {

struct UrlParts {
  std::string scheme;
  std::string host;   // with the port, unless it is the scheme's own
  std::string path;   // as it stands in the URL
  std::string query;  // likewise, without `?`
};
[[nodiscard]] UrlParts SplitUrl(std::string_view url);

// Percent-encodes all but A-Z a-z 0-9 - . _ ~ and the characters of `keep`.
[[nodiscard]] std::string UriEncode(std::string_view text, std::string_view keep);
[[nodiscard]] std::string UriDecode(std::string_view text);
// `.` and `..` resolved, empty segments dropped; a final slash stays.
[[nodiscard]] std::string NormalPath(std::string_view path);
// Parameters encoded once and sorted by name, then value.
[[nodiscard]] std::string CanonicalQuery(std::string_view query);

}  // namespace firn::aws
