#include "app/engine/service_notify.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstdlib>
#include <cstring>

#include "core/base/file.h"

namespace firn::engine {

ServiceNotify ServiceNotify::FromEnvironment() {
  ServiceNotify notify;
  if (const char* socket = std::getenv("NOTIFY_SOCKET")) notify.socket_ = socket;
  if (const char* patience = std::getenv("WATCHDOG_USEC")) {
    const long long micros = std::strtoll(patience, nullptr, 10);
    if (micros > 0) notify.watchdog_ = std::chrono::microseconds(micros / 2);
  }
  return notify;
}

void ServiceNotify::Send(const std::string& assignments) const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.empty() || socket_.size() >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (socket_[0] == '@') address.sun_path[0] = '\0';  // the abstract name space
  const Fd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return;
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  (void)sendto(fd.get(), assignments.data(), assignments.size(), MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&address), length);
}

}  // namespace firn::engine
