// The wire of the admin socket: `daemon.sock` in the state folder, mode 0600, for the user the
// daemon runs as. A client sends one JSON object on a line, with open files beside it when it
// hands over its stdout and stderr, and reads JSON objects, one a line, until the connection ends.
// Internal to engine. Source: unix(7), "SCM_RIGHTS" and "SO_PEERCRED".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"

namespace firn::engine {

inline constexpr size_t kAdminLineBytesMax = 1 << 20;
inline constexpr size_t kAdminFilesMax = 2;

[[nodiscard]] std::string AdminSocketPath(const std::string& state_folder);

// A listening socket that others cannot open; an old one of that name is replaced: the caller holds
// the state's lock, so nobody serves it. Errors: of the file system (ENGINE-ADMIN-001).
[[nodiscard]] Result<Fd> ListenAdmin(const std::string& state_folder);
// Errors: NotFound (ENGINE-ADMIN-002) when no daemon listens there.
[[nodiscard]] Result<Fd> ConnectAdmin(const std::string& state_folder);

// True when the other end runs as this user or as root.
[[nodiscard]] bool PeerIsOurs(int fd);

struct AdminMessage {
  std::string line;
  std::vector<Fd> files;
};
// Errors: Corrupt (ENGINE-ADMIN-003) for a line that is too long or cut off.
[[nodiscard]] Result<AdminMessage> ReceiveAdmin(int fd);
[[nodiscard]] Result<void> SendAdmin(int fd, std::string_view line,
                                     const std::vector<int>& files = {});

}  // namespace firn::engine
