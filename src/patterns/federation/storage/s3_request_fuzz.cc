// Requests that a client wants signed: refused, or told by objects that have a bucket and a key
// without `..`; a signed request never leaves the store's host.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "patterns/federation/storage/s3_request.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto line = [&rest] {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string text(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return text;
  };
  firn::federation::S3Request request;
  request.method = line();
  request.uri = line();
  request.headers.Add(line(), "x");
  request.body = rest;
  for (const char* endpoint : {"", "http://127.0.0.1:9000"}) {
    const auto effect = firn::federation::EffectOf(request, endpoint);
    if (!effect) continue;
    FIRN_ASSERT(!effect->places.empty());
    for (const auto& place : effect->places) {
      FIRN_ASSERT(!place.bucket.empty() && place.bucket.find('/') == std::string::npos);
      FIRN_ASSERT(("/" + place.key + "/").find("/../") == std::string::npos);
    }
  }
  return 0;
}
