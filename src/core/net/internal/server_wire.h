// One accepted connection's bytes, plain or TLS. All calls and callbacks on its loop; callbacks
// never run inside the call that asked for them. After Close no callback brings bytes.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace boost::asio {
class io_context;
}

namespace firn::net {

class ServerWire {
 public:
  // `bytes` = 0 with good = true is the other side's orderly end.
  using Done = std::function<void(bool good, size_t bytes)>;

  virtual ~ServerWire() = default;
  virtual void Handshake(Done done) = 0;
  // At least one byte. One read at a time.
  virtual void Read(char* to, size_t bytes_max, Done done) = 0;
  // All of the pieces (three at most), which must stay alive. One write at a time.
  virtual void Write(std::span<const std::string_view> pieces, Done done) = 0;
  // Ends our side, waits for the other's end and throws away what comes before it, so that the
  // last answer is not lost to a reset (RFC 9112, 9.6).
  virtual void Finish(Done done) = 0;
  // Only tells the other side that no more comes, while a read is still under way.
  virtual void EndSending() = 0;
  virtual void Close() = 0;
  [[nodiscard]] virtual std::string ClientSubject() const { return ""; }
};

struct ServerTls;
struct ServerTlsDeleter {
  void operator()(ServerTls* tls) const;
};
using ServerTlsPtr = std::unique_ptr<ServerTls, ServerTlsDeleter>;
// Errors: BadConfig (NET-TLS-002).
[[nodiscard]] Result<ServerTlsPtr> NewServerTls(const std::string& certificate_pem,
                                                const std::string& key_pem,
                                                const std::string& client_ca_pem);

class ServerAcceptor {
 public:
  // A connection, its peer's address, and whether it could be taken.
  using OnAccept = std::function<void(std::unique_ptr<ServerWire> wire, std::string peer)>;
  virtual ~ServerAcceptor() = default;
  [[nodiscard]] virtual uint16_t port() const = 0;
  // Takes one connection for `loop`; calls back on the acceptor's own loop, with null on failure.
  virtual void Accept(boost::asio::io_context& loop, ServerTls* tls, OnAccept on_accept) = 0;
  virtual void Close() = 0;
};
// Errors: Conflict (NET-SERVE-001), Denied (-002), BadConfig (-003).
[[nodiscard]] Result<std::unique_ptr<ServerAcceptor>> Bind(boost::asio::io_context& loop,
                                                           const std::string& address,
                                                           uint16_t port);

}  // namespace firn::net
