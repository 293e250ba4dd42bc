// What a server may send beside the message itself: dates, and bodies that inflate to anything.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/net/http_date.h"
#include "core/net/inflate.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace firn;
  const std::string text(reinterpret_cast<const char*>(data), size);
  (void)net::ParseHttpDate(text);
  constexpr uint64_t kBytesMax = 1 << 20;
  for (const char* encoding : {"gzip", "deflate", "identity"}) {
    const auto body = net::InflateBody(encoding, text, kBytesMax);
    FIRN_ASSERT(body ? body->size() <= kBytesMax : !body.error().code().empty());
  }
  FIRN_ASSERT(net::InflateBody("gzip", net::Gzip(text), kBytesMax + size).value() == text);
  return 0;
}
