// The HTTP server that sandbox, catalog and daemon share: Boost.Beast, a loop per core,
// keep-alive, TLS, streaming bodies both ways, limits on everything, graceful drain.
//
// A handler is called on a loop thread and must not block there: it answers at once, or hands its
// Reply to another thread; OnPool() adapts a blocking handler. A Reply is move-only and is answered
// once, from any thread; one that is dropped unanswered answers 500.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "core/net/http.h"

namespace firn::net {

struct ServerRequest {
  std::string method;
  std::string target;  // path and query as sent
  std::string path;    // percent-decoded, without query
  std::string query;   // raw, without `?`
  Headers headers;
  std::string body;  // whole, when the route does not stream (the default)
  // When the route streams, never null there, empty without a body: read it off the loop threads.
  std::unique_ptr<BodyStream> body_stream;
  std::string peer;  // address:port
  bool tls = false;
  std::string client_certificate_subject;  // empty without client TLS
};

struct ServerResponse {
  int status = 200;
  Headers headers;
  std::string body;
  // Used instead of `body` when set; sent with Content-Length if body_stream_bytes >= 0, else
  // chunked. Read on a pool thread of the server, one piece ahead of the socket.
  std::shared_ptr<BodyStream> body_stream;
  int64_t body_stream_bytes = -1;
  // Faults on demand (sandbox): close the connection after so many body bytes; < 0: never. And send
  // nothing further, holding the connection open, after so many body bytes; < 0: never.
  int64_t drop_after_bytes = -1;
  int64_t stall_after_bytes = -1;
};

class Reply {
 public:
  class Sink {
   public:
    virtual ~Sink() = default;
    virtual void Answer(ServerResponse response) = 0;
  };
  explicit Reply(std::shared_ptr<Sink> sink) : sink_(std::move(sink)) {}
  Reply(Reply&&) noexcept = default;
  Reply& operator=(Reply&& other) noexcept {
    sink_.swap(other.sink_);
    return *this;
  }
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;
  ~Reply();
  void Answer(ServerResponse response) &&;

 private:
  std::shared_ptr<Sink> sink_;
};

using Handler = std::function<void(ServerRequest, Call, Reply)>;

// Runs a blocking handler on a pool of threads with a cap on what waits: past it, 503 with
// Retry-After. The pool is joined when the last copy of the handler goes.
[[nodiscard]] Handler OnPool(std::function<ServerResponse(ServerRequest, const Call&)> blocking,
                             int threads, size_t waiting_max);

struct ServerOptions {
  std::string address = "127.0.0.1";
  uint16_t port = 0;            // 0: any free one
  std::string certificate_pem;  // with key_pem: TLS. May hold the chain.
  std::string key_pem;
  std::string client_ca_pem;  // set: client certificates are asked for and checked
  int threads = 0;            // 0: one per core
  int stream_threads = 4;     // read the answers' body streams
  uint32_t header_bytes_max = 16'384;
  uint64_t body_bytes_max = 160ULL << 20;
  size_t connections_max = 4096;
  std::chrono::milliseconds idle_timeout{120'000};    // keep-alive without a request
  std::chrono::milliseconds request_timeout{60'000};  // header or body stalled
  std::chrono::milliseconds drain_timeout{10'000};
  // Paths whose request bodies come as a stream. Null: none.
  std::function<bool(std::string_view method, std::string_view path)> streams_body;
};

class Server {
 public:
  virtual ~Server() = default;  // drains, then closes
  [[nodiscard]] virtual uint16_t port() const = 0;
  // Stops accepting, finishes what is running (drain_timeout), closes.
  virtual void Drain() = 0;
};
// Errors: Conflict (NET-SERVE-001) when the port is taken, BadConfig for TLS material.
[[nodiscard]] Result<std::unique_ptr<Server>> Listen(const ServerOptions& options, Handler handler);

}  // namespace firn::net
