// What a collector answers comes from outside: any bytes as body, details and Retry-After.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "ends/telemetry/reply.h"
#include "ends/telemetry/settings.h"

// Status, a line for Retry-After, and the rest as the body.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace firn;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t line = std::min(text.find('\n'), text.size());
  const int status = size == 0 ? 200 : 100 + static_cast<int>(data[0]) * 2;
  const std::string body(text.substr(std::min(line + 1, text.size())));
  net::Response response{status, {}, body, "1.1"};
  response.headers.Set("Content-Type", "application/x-protobuf");
  response.headers.Set("Retry-After", std::string(text.substr(0, line)));
  const telemetry::Reply http = telemetry::ReplyOfHttp(response);
  const telemetry::Reply grpc =
      telemetry::ReplyOfGrpc({.code = status % 17, .message = body, .details = body, .body = body});
  for (const telemetry::Reply& reply : {http, grpc}) {
    if (reply.rejected < 0 || reply.said.size() > 300) abort();
    for (const char c : reply.said) {
      if (c < ' ' || c > '~') abort();
    }
  }
  std::vector<std::string> warnings;
  (void)telemetry::ParsePairs(text, "VARIABLE", &warnings);
  return 0;
}
