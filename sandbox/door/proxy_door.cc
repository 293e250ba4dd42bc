#include "sandbox/door/proxy_door.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <list>
#include <thread>
#include <vector>

#include "core/base/file.h"

namespace firn::sandbox {
namespace {

constexpr size_t kHeadBytesMax = 16'384;
constexpr size_t kPieceBytes = 64 << 10;
constexpr std::chrono::seconds kHeadTimeout{30};
constexpr std::chrono::minutes kIdleTimeout{30};
constexpr int kPollMillis = 1000;

using Steady = std::chrono::steady_clock;

Result<sockaddr_in> AddressOf(const std::string& text, uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (inet_pton(AF_INET, text.c_str(), &address.sin_addr) != 1) {
    return Fail(Kind::kBadConfig, "SBX-PROXY-001", "`" + text + "` is no IPv4 address");
  }
  return address;
}

void MakeReady(int fd) {
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// Bytes on their way from one socket to the other: read when empty, written until empty.
struct Flow {
  std::string bytes;
  size_t sent = 0;
  bool ended = false;   // nothing more will be read
  bool closed = false;  // and the other side was told

  [[nodiscard]] bool empty() const { return sent == bytes.size(); }
};

// False when the connection is broken.
bool Fill(int from, Flow& flow) {
  flow.bytes.resize(kPieceBytes);
  flow.sent = 0;
  const ssize_t got = recv(from, flow.bytes.data(), flow.bytes.size(), 0);
  flow.bytes.resize(got > 0 ? static_cast<size_t>(got) : 0);
  if (got == 0) flow.ended = true;
  return got >= 0 || errno == EAGAIN || errno == EINTR;
}

bool Drain(int to, Flow& flow) {
  while (!flow.empty()) {
    const ssize_t put =
        send(to, flow.bytes.data() + flow.sent, flow.bytes.size() - flow.sent, MSG_NOSIGNAL);
    if (put < 0) return errno == EAGAIN || errno == EINTR;
    flow.sent += static_cast<size_t>(put);
  }
  return true;
}

struct Tunnel {
  explicit Tunnel(Fd fd) : client(std::move(fd)) {}
  Fd client;
  Fd upstream;       // invalid until the head was understood
  std::string head;  // what the client sent so far
  Flow up;
  Flow down;
  bool refused = false;  // close once `down` is sent
  Steady::time_point moved = Steady::now();
};

class ProxyDoorImpl final : public ProxyDoor {
 public:
  ProxyDoorImpl(const Options& options, Fd listener, Fd wake, uint16_t port)
      : options_(options), listener_(std::move(listener)), wake_(std::move(wake)), port_(port) {
    thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
  }
  ~ProxyDoorImpl() override {
    thread_.request_stop();
    const uint64_t one = 1;
    static_cast<void>(write(wake_.get(), &one, sizeof one));
  }
  uint16_t port() const override { return port_; }

 private:
  void Run(const std::stop_token& stop);
  void Accept();
  // False: the tunnel is over.
  bool Serve(Tunnel& tunnel, short client_events, short upstream_events);
  bool ReadHead(Tunnel& tunnel);
  void Connect(Tunnel& tunnel, const std::string& authority, std::string rest);
  static void Refuse(Tunnel& tunnel, std::string_view status);

  const Options options_;
  Fd listener_;
  Fd wake_;
  const uint16_t port_;
  std::list<Tunnel> tunnels_;
  std::jthread thread_;
};

short Wanted(bool read, bool write) {
  return static_cast<short>((read ? POLLIN : 0) | (write ? POLLOUT : 0));
}

void ProxyDoorImpl::Run(const std::stop_token& stop) {
  std::vector<pollfd> polls;
  while (!stop.stop_requested()) {
    polls.clear();
    polls.push_back({wake_.get(), POLLIN, 0});
    const bool room = tunnels_.size() < options_.tunnels_max;
    polls.push_back({listener_.get(), static_cast<short>(room ? POLLIN : 0), 0});
    for (Tunnel& tunnel : tunnels_) {
      const bool open = tunnel.upstream.valid();
      polls.push_back(
          {tunnel.client.get(),
           Wanted(!tunnel.refused && !tunnel.up.ended && tunnel.up.empty(), !tunnel.down.empty()),
           0});
      polls.push_back({open ? tunnel.upstream.get() : -1,
                       Wanted(!tunnel.down.ended && tunnel.down.empty(), !tunnel.up.empty()), 0});
    }
    if (poll(polls.data(), polls.size(), kPollMillis) < 0 && errno != EINTR) return;
    size_t at = 2;
    for (auto tunnel = tunnels_.begin(); tunnel != tunnels_.end(); at += 2) {
      const bool lives = Serve(*tunnel, polls[at].revents, polls[at + 1].revents);
      tunnel = lives ? std::next(tunnel) : tunnels_.erase(tunnel);
    }
    if ((polls[1].revents & POLLIN) != 0) Accept();
  }
}

void ProxyDoorImpl::Accept() {
  Fd client(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!client.valid()) return;
  MakeReady(client.get());
  tunnels_.emplace_back(std::move(client));
}

void ProxyDoorImpl::Refuse(Tunnel& tunnel, std::string_view status) {
  tunnel.refused = true;
  tunnel.down.bytes =
      "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  tunnel.down.sent = 0;
}

bool ProxyDoorImpl::ReadHead(Tunnel& tunnel) {
  Flow piece;
  if (!Fill(tunnel.client.get(), piece) || piece.ended) return false;
  tunnel.head += piece.bytes;
  const size_t end = tunnel.head.find("\r\n\r\n");
  if (end == std::string::npos) {
    if (tunnel.head.size() > kHeadBytesMax) Refuse(tunnel, "431 Request Header Fields Too Large");
    return true;
  }
  const size_t space = tunnel.head.find(' ');
  const size_t second = space == std::string::npos ? space : tunnel.head.find(' ', space + 1);
  if (second == std::string::npos || second > end) {
    Refuse(tunnel, "400 Bad Request");
  } else if (tunnel.head.substr(0, space) != "CONNECT") {
    Refuse(tunnel, "405 Method Not Allowed");
  } else {
    Connect(tunnel, tunnel.head.substr(space + 1, second - space - 1), tunnel.head.substr(end + 4));
  }
  return true;
}

void ProxyDoorImpl::Connect(Tunnel& tunnel, const std::string& authority, std::string rest) {
  if (!LeadsToSandbox(authority)) return Refuse(tunnel, "403 Forbidden");
  const std::string host = options_.address == "0.0.0.0" ? "127.0.0.1" : options_.address;
  const bool pubsub = options_.pubsub_port != 0 && LeadsToPubSub(authority);
  const auto address = AddressOf(host, pubsub ? options_.pubsub_port : options_.tls_port);
  Fd upstream(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  // Blocks for no longer than a loopback connect takes.
  if (!address || !upstream.valid() ||
      connect(upstream.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    return Refuse(tunnel, "502 Bad Gateway");
  }
  MakeReady(upstream.get());
  tunnel.upstream = std::move(upstream);
  tunnel.up.bytes = std::move(rest);
  tunnel.down.bytes = "HTTP/1.1 200 Connection Established\r\n\r\n";
}

bool ProxyDoorImpl::Serve(Tunnel& tunnel, short client_events, short upstream_events) {
  const Steady::duration idle = Steady::now() - tunnel.moved;
  if (client_events == 0 && upstream_events == 0) {
    return idle < (tunnel.upstream.valid() ? Steady::duration(kIdleTimeout) : kHeadTimeout);
  }
  tunnel.moved = Steady::now();
  const bool client_ready = (client_events & (POLLIN | POLLHUP | POLLERR)) != 0;
  if (!tunnel.upstream.valid()) {
    if (!tunnel.refused && client_ready && !ReadHead(tunnel)) return false;
    if (!Drain(tunnel.client.get(), tunnel.down)) return false;
    return !(tunnel.refused && tunnel.down.empty());
  }
  const bool upstream_ready = (upstream_events & (POLLIN | POLLHUP | POLLERR)) != 0;
  if (client_ready && tunnel.up.empty() && !tunnel.up.ended &&
      !Fill(tunnel.client.get(), tunnel.up)) {
    return false;
  }
  if (upstream_ready && tunnel.down.empty() && !tunnel.down.ended &&
      !Fill(tunnel.upstream.get(), tunnel.down)) {
    return false;
  }
  if (!Drain(tunnel.upstream.get(), tunnel.up) || !Drain(tunnel.client.get(), tunnel.down)) {
    return false;
  }
  const auto close_when_done = [](Flow& flow, int to) {
    if (flow.ended && flow.empty() && !flow.closed) {
      shutdown(to, SHUT_WR);
      flow.closed = true;
    }
  };
  close_when_done(tunnel.up, tunnel.upstream.get());
  close_when_done(tunnel.down, tunnel.client.get());
  // A dropped answer (fault) must reach the client as a dropped connection, at once.
  return !tunnel.down.closed;
}

}  // namespace

namespace {

std::string HostOf(const std::string& authority) {
  std::string host = authority.substr(0, authority.rfind(':'));
  std::transform(host.begin(), host.end(), host.begin(),
                 [](char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  return host;
}

}  // namespace

bool LeadsToPubSub(const std::string& authority) {
  return HostOf(authority).ends_with(".pubsub.salesforce.com");
}

bool LeadsToSandbox(const std::string& authority) {
  const std::string host = HostOf(authority);
  return host == "salesforce.com" || host.ends_with(".salesforce.com") || host == "localhost" ||
         host == "127.0.0.1";
}

Result<std::unique_ptr<ProxyDoor>> ProxyDoor::Open(const Options& options) {
  FIRN_TRY(const sockaddr_in address, AddressOf(options.address, options.port));
  Fd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in bound{};
  socklen_t size = sizeof bound;
  if (bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener.get(), SOMAXCONN) != 0 ||
      getsockname(listener.get(), reinterpret_cast<sockaddr*>(&bound), &size) != 0) {
    return Fail(Error(Kind::kConflict, "SBX-PROXY-001", "the proxy's port cannot be opened")
                    .At(options.address + ":" + std::to_string(options.port)));
  }
  Fd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  return std::unique_ptr<ProxyDoor>(std::make_unique<ProxyDoorImpl>(
      options, std::move(listener), std::move(wake), ntohs(bound.sin_port)));
}

}  // namespace firn::sandbox
