#include "sandbox/rest/subrequest.h"

#include <charconv>

#include "sandbox/rest/rest.h"

namespace firn::sandbox {
namespace {

// 60 of `v60.0`; 0 when it is not of that form.
int VersionOf(std::string_view text) {
  int version = 0;
  if (!text.starts_with('v') || !text.ends_with(".0")) return 0;
  text = text.substr(1, text.size() - 3);
  const auto read = std::from_chars(text.data(), text.data() + text.size(), version);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() ? version : 0;
}

std::vector<std::string> Segments(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/'), path.size());
    if (end > 0) {
      const std::string raw(path.substr(0, end));
      segments.push_back(PercentDecode(raw, false).value_or(raw));
    }
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return segments;
}

// Families that a subrequest may not be of: requests in requests may not nest.
bool Nests(const std::vector<std::string>& path) {
  return !path.empty() && path[0] == "composite" && (path.size() == 1 || path[1] != "sobjects");
}

}  // namespace

Answer RunSubrequest(ApiParts& parts, const ApiRequest& outer, const Subrequest& one) {
  std::string_view url = one.url;
  if (url.starts_with("/services/data/")) url.remove_prefix(15);
  if (url.starts_with("/")) url.remove_prefix(1);
  const size_t slash = std::min(url.find('/'), url.size());
  const int version = VersionOf(url.substr(0, slash));
  if (version < kVersionOldest || version > outer.version) {
    return ErrorAnswer(400, "INVALID_INPUT", "The subrequest's API version is not supported here");
  }
  const size_t question = std::min(url.find('?'), url.size());
  net::ServerRequest http;
  http.method = one.method;
  http.headers = outer.http.headers;
  for (const auto& [name, value] : one.headers) http.headers.Set(name, value);
  ApiRequest inner{http, outer.call, one.method, version, {}, {}, one.body, outer.session, {}};
  if (question < url.size()) {
    inner.query = FormDecode(url.substr(question + 1)).value_or(FormFields{});
  }
  const std::string_view path = url.substr(0, question);
  inner.path = Segments(path.substr(std::min(slash + 1, path.size())));
  if (Nests(inner.path)) {
    return ErrorAnswer(400, "INVALID_INPUT", "A subrequest cannot be composite");
  }
  return HandleRest(parts, inner);
}

}  // namespace firn::sandbox
