// gzip and zlib inflation of a body stream on the consumer's thread (ISA-L).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/net/http.h"

namespace firn::net {

// Wraps `raw`; reads give inflated bytes. Errors: Corrupt (NET-GZIP-001) for damaged or truncated
// data.
[[nodiscard]] std::unique_ptr<BodyStream> InflateStream(std::unique_ptr<BodyStream> raw);
// The whole body by its Content-Encoding (identity, gzip, deflate). Errors: Corrupt; Unsupported
// for another encoding; LimitReached past `bytes_max` inflated bytes (a bomb).
[[nodiscard]] Result<std::string> InflateBody(std::string_view content_encoding, std::string body,
                                              uint64_t bytes_max = 256ULL << 20);
// gzip, level 1 to 9 (zlib).
[[nodiscard]] std::string Gzip(std::string_view bytes, int level = 6);

}  // namespace firn::net
