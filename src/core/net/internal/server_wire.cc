#include "core/net/internal/server_wire.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <vector>

namespace firn::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

using Pieces = std::vector<asio::const_buffer>;

Pieces Buffers(std::span<const std::string_view> pieces) {
  Pieces buffers;
  buffers.reserve(pieces.size());
  for (const auto piece : pieces) buffers.emplace_back(piece.data(), piece.size());
  return buffers;
}

void ReadFrom(auto& stream, char* to, size_t bytes_max, ServerWire::Done done) {
  stream.async_read_some(asio::buffer(to, bytes_max),
                         [done = std::move(done)](const error_code& error, size_t bytes) {
                           const bool good = !error || error == asio::error::eof;
                           done(good, good ? bytes : 0);
                         });
}

void WriteTo(auto& stream, std::span<const std::string_view> pieces, ServerWire::Done done) {
  asio::async_write(
      stream, Buffers(pieces),
      [done = std::move(done)](const error_code& error, size_t bytes) { done(!error, bytes); });
}

// Reads and forgets until the other side ends.
class Sink : public std::enable_shared_from_this<Sink> {
 public:
  Sink(tcp::socket& socket, ServerWire::Done done) : socket_(socket), done_(std::move(done)) {}
  void Run() {
    socket_.async_read_some(asio::buffer(scrap_),
                            [self = shared_from_this()](const error_code& error, size_t) {
                              if (error) return self->done_(true, 0);
                              self->Run();
                            });
  }

 private:
  tcp::socket& socket_;
  ServerWire::Done done_;
  char scrap_[4096];
};

void ShutDownSending(tcp::socket& socket) {
  error_code ignored;
  socket.shutdown(tcp::socket::shutdown_send, ignored);
}

void EndSendingAndDrain(tcp::socket& socket, ServerWire::Done done) {
  ShutDownSending(socket);
  std::make_shared<Sink>(socket, std::move(done))->Run();
}

class PlainWire final : public ServerWire {
 public:
  explicit PlainWire(tcp::socket socket) : socket_(std::move(socket)) {}
  void Handshake(Done done) override {
    asio::post(socket_.get_executor(), [done = std::move(done)] { done(true, 0); });
  }
  void Read(char* to, size_t bytes_max, Done done) override {
    ReadFrom(socket_, to, bytes_max, std::move(done));
  }
  void Write(std::span<const std::string_view> pieces, Done done) override {
    WriteTo(socket_, pieces, std::move(done));
  }
  void Finish(Done done) override { EndSendingAndDrain(socket_, std::move(done)); }
  void EndSending() override { ShutDownSending(socket_); }
  void Close() override {
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  tcp::socket socket_;
};

}  // namespace

struct ServerTls {
  asio::ssl::context context{asio::ssl::context::tls_server};
};

void ServerTlsDeleter::operator()(ServerTls* tls) const { delete tls; }

namespace {

class TlsWire final : public ServerWire {
 public:
  TlsWire(tcp::socket socket, ServerTls& tls) : stream_(std::move(socket), tls.context) {}
  void Handshake(Done done) override {
    stream_.async_handshake(asio::ssl::stream_base::server,
                            [done = std::move(done)](const error_code& error) { done(!error, 0); });
  }
  void Read(char* to, size_t bytes_max, Done done) override {
    ReadFrom(stream_, to, bytes_max, std::move(done));
  }
  void Write(std::span<const std::string_view> pieces, Done done) override {
    WriteTo(stream_, pieces, std::move(done));
  }
  void Finish(Done done) override {
    stream_.async_shutdown([this, done = std::move(done)](const error_code& error) mutable {
      if (error == asio::error::operation_aborted) return done(false, 0);
      EndSendingAndDrain(stream_.next_layer(), std::move(done));
    });
  }
  void EndSending() override { ShutDownSending(stream_.next_layer()); }
  void Close() override {
    error_code ignored;
    stream_.next_layer().close(ignored);
  }
  [[nodiscard]] std::string ClientSubject() const override {
    X509* certificate = SSL_get1_peer_certificate(
        const_cast<asio::ssl::stream<tcp::socket>&>(stream_).native_handle());
    if (certificate == nullptr) return "";
    BIO* out = BIO_new(BIO_s_mem());
    X509_NAME_print_ex(out, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
    char* text = nullptr;
    const long size = BIO_get_mem_data(out, &text);
    std::string subject(text, static_cast<size_t>(size));
    BIO_free(out);
    X509_free(certificate);
    return subject;
  }

 private:
  asio::ssl::stream<tcp::socket> stream_;
};

// The server speaks HTTP/1.1 only; a client that offers nothing of it goes on without ALPN.
int ChooseProtocol(SSL*, const unsigned char** out, unsigned char* out_size,
                   const unsigned char* offered, unsigned offered_size, void*) {
  static constexpr unsigned char kHttp11[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kHttp11, sizeof kHttp11 - 1, offered,
                            offered_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

class TcpAcceptor final : public ServerAcceptor {
 public:
  explicit TcpAcceptor(tcp::acceptor acceptor) : acceptor_(std::move(acceptor)) {
    error_code ignored;
    port_ = acceptor_.local_endpoint(ignored).port();
  }
  [[nodiscard]] uint16_t port() const override { return port_; }
  void Accept(asio::io_context& loop, ServerTls* tls, OnAccept on_accept) override {
    acceptor_.async_accept(
        loop, [tls, on_accept = std::move(on_accept)](const error_code& error, tcp::socket socket) {
          if (error) return on_accept(nullptr, "");
          error_code ignored;
          socket.set_option(tcp::no_delay(true), ignored);
          const auto endpoint = socket.remote_endpoint(ignored);
          std::string peer = endpoint.address().to_string() + ":" + std::to_string(endpoint.port());
          std::unique_ptr<ServerWire> wire;
          if (tls != nullptr) {
            wire = std::make_unique<TlsWire>(std::move(socket), *tls);
          } else {
            wire = std::make_unique<PlainWire>(std::move(socket));
          }
          on_accept(std::move(wire), std::move(peer));
        });
  }
  void Close() override {
    error_code ignored;
    acceptor_.close(ignored);
  }

 private:
  tcp::acceptor acceptor_;
  uint16_t port_ = 0;
};

tl::unexpected<Error> BadTls(std::string what, const error_code& error) {
  return Fail(Error(Kind::kBadConfig, "NET-TLS-002", std::move(what)).Because(error.message()));
}

}  // namespace

Result<ServerTlsPtr> NewServerTls(const std::string& certificate_pem, const std::string& key_pem,
                                  const std::string& client_ca_pem) {
  ServerTlsPtr tls(new ServerTls);
  auto& context = tls->context;
  error_code error;
  context.set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1, error);
  if (context.use_certificate_chain(asio::buffer(certificate_pem), error)) {
    return BadTls("the server's certificate cannot be used", error);
  }
  if (context.use_private_key(asio::buffer(key_pem), asio::ssl::context::pem, error)) {
    return BadTls("the server's private key cannot be used", error);
  }
  if (SSL_CTX_check_private_key(context.native_handle()) != 1) {
    return Fail(Kind::kBadConfig, "NET-TLS-002", "the private key is not the certificate's");
  }
  if (!client_ca_pem.empty()) {
    if (context.add_certificate_authority(asio::buffer(client_ca_pem), error)) {
      return BadTls("the client certificates' authority cannot be used", error);
    }
    context.set_verify_mode(asio::ssl::verify_peer, error);
    // Needed for session resumption once client certificates are asked for
    // (SSL_CTX_set_session_id_context(3)).
    static constexpr unsigned char kId[] = "firn";
    SSL_CTX_set_session_id_context(context.native_handle(), kId, sizeof kId - 1);
  }
  SSL_CTX_set_alpn_select_cb(context.native_handle(), ChooseProtocol, nullptr);
  return tls;
}

Result<std::unique_ptr<ServerAcceptor>> Bind(asio::io_context& loop, const std::string& address,
                                             uint16_t port) {
  const std::string where = address + ":" + std::to_string(port);
  const auto failure = [&](const error_code& error) {
    Kind kind = Kind::kBadConfig;
    std::string_view code = "NET-SERVE-003";
    if (error == asio::error::address_in_use) {
      kind = Kind::kConflict;
      code = "NET-SERVE-001";
    } else if (error == asio::error::access_denied) {
      kind = Kind::kDenied;
      code = "NET-SERVE-002";
    }
    return Fail(Error(kind, code, "cannot listen on `" + where + "`").Because(error.message()));
  };
  error_code error;
  const auto ip =
      asio::ip::make_address(address == "localhost" ? "127.0.0.1" : address.c_str(), error);
  if (error) return failure(error);
  const tcp::endpoint endpoint(ip, port);
  tcp::acceptor acceptor(loop);
  if (acceptor.open(endpoint.protocol(), error)) return failure(error);
  if (acceptor.set_option(tcp::acceptor::reuse_address(true), error)) return failure(error);
  if (acceptor.bind(endpoint, error)) return failure(error);
  if (acceptor.listen(asio::socket_base::max_listen_connections, error)) return failure(error);
  return std::make_unique<TcpAcceptor>(std::move(acceptor));
}

}  // namespace firn::net
