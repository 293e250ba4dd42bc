// The HTTP client: libcurl's multi interface on one thread, blocking calls for everyone else; a
// body streamed over a connection of its own is received by the thread that reads it.
//
// Connections are pooled and kept alive, HTTP/2 where TLS offers it. Bodies come as raw bytes: what
// is compressed stays compressed, the consumer's thread inflates (net/inflate.h). TLS verifies. A
// transport may be called from any thread. It never retries and never follows a redirect to another
// host: policy belongs to the caller.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "core/base/call.h"
#include "core/net/http.h"

namespace firn::net {

struct Request {
  std::string method = "GET";
  std::string url;
  Headers headers;
  std::string body;
  // Streamed upload, read on the caller's thread; used instead of `body` when set. Content-Length
  // if `body_stream_bytes` >= 0, else chunked. Not with Start (NET-HTTP-007).
  std::shared_ptr<BodyStream> body_stream;
  int64_t body_stream_bytes = -1;
  // The call fails with Timeout (NET-HTTP-003, retry) when no byte moved for so long.
  std::chrono::milliseconds idle_timeout{60'000};
  // Send() fails with LimitReached (NET-HTTP-004) past this many body bytes.
  uint64_t body_bytes_max = 64ULL << 20;
  // Bulk pages use connections of their own, so that they do not hold up short calls; these are
  // kept alive for the next bulk page, and are as many as are open at once.
  bool own_connection = false;
};

struct Response {
  int status = 0;
  Headers headers;
  std::string body;          // as it came over the wire
  std::string http_version;  // "1.1" or "2"
};

// A response whose body is still arriving. Destroying it drops the transfer.
struct StreamedResponse {
  int status = 0;
  Headers headers;
  std::unique_ptr<BodyStream> body;  // raw bytes; bounded buffer: the server is held back
};

class Transport {
 public:
  virtual ~Transport() = default;
  // Any HTTP status is a success here. Errors: Unreachable (NET-HTTP-001 cannot connect, -002
  // connection broke; retry safe for idempotent methods), Timeout (-003), LimitReached (-004),
  // Denied (NET-TLS-001, certificate; NET-HTTP-008, the proxy), Corrupt (-006, not HTTP), BadInput
  // (-005, malformed URL), Cancelled.
  [[nodiscard]] virtual Result<Response> Send(const Call& call, const Request& request) = 0;
  // Returns when the header has arrived. The call's deadline covers the body too. A body cut short
  // of its Content-Length, or an unfinished chunked or HTTP/2 body, is an error of Read
  // (NET-HTTP-002), never a quiet end.
  [[nodiscard]] virtual Result<StreamedResponse> Open(const Call& call, const Request& request) = 0;
  // The same as Send, answered on the client's thread; `done` must not block.
  virtual void Start(const Call& call, Request request,
                     std::function<void(Result<Response>)> done) = 0;
};

struct ClientOptions {
  std::string user_agent = "firn";
  std::string ca_file;  // empty: the system's
  std::string proxy;    // empty: from the environment (HTTPS_PROXY, NO_PROXY); "none": no proxy
  std::chrono::milliseconds connect_timeout{10'000};
  int connections_per_host_max = 16;
  size_t stream_buffer_bytes = 1 << 20;
  bool http2 = true;
};
[[nodiscard]] Result<std::unique_ptr<Transport>> NewHttpClient(const ClientOptions& options);

}  // namespace firn::net
