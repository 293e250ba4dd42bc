#include "app/engine/admin_wire.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace firn::engine {
namespace {

constexpr int kBacklog = 16;

tl::unexpected<Error> Failed(const std::string& path, std::string_view doing) {
  return Fail(Error(Kind::kDenied, "ENGINE-ADMIN-001", "the admin socket cannot be used")
                  .At(path)
                  .Because(std::string(doing) + ": " + std::strerror(errno)));
}

// An address has room for 107 bytes, a project's path may be longer: it is reached through an open
// folder instead (/proc/self/fd/N/daemon.sock).
struct SocketName {
  Fd folder;
  sockaddr_un address{};
};
Result<SocketName> NameOf(const std::string& state_folder) {
  SocketName name;
  name.folder = Fd(open(state_folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!name.folder.valid()) return Failed(state_folder, "opening the folder");
  name.address.sun_family = AF_UNIX;
  const std::string path = "/proc/self/fd/" + std::to_string(name.folder.get()) + "/daemon.sock";
  std::memcpy(name.address.sun_path, path.data(), path.size());
  return name;
}

const sockaddr* Address(const SocketName& name) {
  return reinterpret_cast<const sockaddr*>(&name.address);
}

tl::unexpected<Error> Broken(std::string why) {
  return Fail(Error(Kind::kCorrupt, "ENGINE-ADMIN-003", "the admin connection broke")
                  .Because(std::move(why)));
}

void TakeFiles(msghdr& header, std::vector<Fd>& files) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof fd);
      files.emplace_back(fd);
    }
  }
}

}  // namespace

std::string AdminSocketPath(const std::string& state_folder) {
  return state_folder + "/daemon.sock";
}

Result<Fd> ListenAdmin(const std::string& state_folder) {
  const std::string path = AdminSocketPath(state_folder);
  FIRN_TRY(const SocketName name, NameOf(state_folder));
  Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return Failed(path, "making the socket");
  (void)unlink(path.c_str());
  // The folder is 0700 already; nobody can connect between bind and chmod.
  if (bind(fd.get(), Address(name), sizeof name.address) != 0) return Failed(path, "binding");
  if (chmod(path.c_str(), 0600) != 0) return Failed(path, "setting its mode");
  if (listen(fd.get(), kBacklog) != 0) return Failed(path, "listening");
  return fd;
}

Result<Fd> ConnectAdmin(const std::string& state_folder) {
  const auto nobody = [&] {
    return Fail(Error(Kind::kNotFound, "ENGINE-ADMIN-002", "no daemon runs for this project")
                    .At(AdminSocketPath(state_folder))
                    .Hint("start it with `firn run`"));
  };
  auto name = NameOf(state_folder);
  if (!name) return nobody();
  Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return Failed(AdminSocketPath(state_folder), "making the socket");
  if (connect(fd.get(), Address(*name), sizeof name->address) == 0) return fd;
  if (errno == ENOENT || errno == ECONNREFUSED) return nobody();
  return Failed(AdminSocketPath(state_folder), "connecting");
}

bool PeerIsOurs(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == geteuid() || peer.uid == 0;
}

Result<AdminMessage> ReceiveAdmin(int fd) {
  AdminMessage message;
  char buffer[4096];
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * 8)];
  while (message.line.size() <= kAdminLineBytesMax) {
    iovec part{buffer, sizeof buffer};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    const ssize_t got = recvmsg(fd, &header, MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Broken(std::strerror(errno));
    TakeFiles(header, message.files);
    if (got == 0) return Broken("it ended before the request did");
    message.line.append(buffer, static_cast<size_t>(got));
    if (message.line.ends_with('\n')) {
      message.line.pop_back();
      return message;
    }
  }
  return Broken("the request is too long");
}

Result<void> SendAdmin(int fd, std::string_view line, const std::vector<int>& files) {
  std::string bytes(line);
  bytes += '\n';
  size_t sent = 0;
  while (sent < bytes.size()) {
    iovec part{bytes.data() + sent, bytes.size() - sent};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kAdminFilesMax)] = {};
    if (sent == 0 && !files.empty()) {
      const size_t count = std::min(files.size(), kAdminFilesMax);
      header.msg_control = control;
      header.msg_controllen = CMSG_SPACE(sizeof(int) * count);
      cmsghdr* rights = CMSG_FIRSTHDR(&header);
      rights->cmsg_level = SOL_SOCKET;
      rights->cmsg_type = SCM_RIGHTS;
      rights->cmsg_len = CMSG_LEN(sizeof(int) * count);
      std::memcpy(CMSG_DATA(rights), files.data(), sizeof(int) * count);
    }
    const ssize_t done = sendmsg(fd, &header, MSG_NOSIGNAL);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return Broken(std::strerror(errno));
    sent += static_cast<size_t>(done);
  }
  return {};
}

}  // namespace firn::engine
