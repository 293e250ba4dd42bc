#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <sstream>

#include "core/base/file.h"
#include "core/base/file_error.h"

namespace firn {
namespace {

// linux/magic.h and the manual page statfs(2).
constexpr std::array<uint32_t, 7> kNetworkMagic = {
    0x6969,      // nfs
    0x517B,      // smb
    0xFF534D42,  // cifs
    0xFE534D42,  // smb2
    0x00C36400,  // ceph
    0x5346414F,  // afs
    0x0BD00BD0,  // lustre
};
constexpr uint32_t kFuseMagic = 0x65735546;
constexpr std::array<std::string_view, 8> kNetworkFuse = {
    "fuse.sshfs",   "fuse.s3fs",   "fuse.rclone",   "fuse.glusterfs",
    "fuse.gcsfuse", "fuse.goofys", "fuse.mount-s3", "fuse.ceph-fuse"};

// A file that is yet to be made lies where its nearest existing folder lies.
std::string NearestExisting(std::string path) {
  while (!path.empty() && !FileExists(path)) {
    const size_t slash = path.find_last_of('/');
    if (slash == std::string::npos) return ".";
    path.resize(slash == 0 && path.size() > 1 ? 1 : slash);
  }
  return path.empty() ? "/" : path;
}

// The type of the mounted file system, by /proc/self/mountinfo (proc(5)): fields are id, parent,
// major:minor, root, mount point, options, .., `-`, type.
std::string MountedType(dev_t device) {
  const std::string wanted = std::to_string(major(device)) + ":" + std::to_string(minor(device));
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string word;
    std::string number;
    words >> word >> word >> number;
    if (number != wanted) continue;
    while (words >> word && word != "-") {
    }
    words >> word;
    return word;
  }
  return "";
}

}  // namespace

Result<bool> IsNetworkFileSystem(const std::string& path) {
  const std::string existing = NearestExisting(path);
  struct statfs info{};
  if (statfs(existing.c_str(), &info) != 0) return FileFailure("look at", existing, errno);
  const auto magic = static_cast<uint32_t>(info.f_type);
  if (std::find(kNetworkMagic.begin(), kNetworkMagic.end(), magic) != kNetworkMagic.end()) {
    return true;
  }
  if (magic != kFuseMagic) return false;
  struct stat status{};
  if (stat(existing.c_str(), &status) != 0) return FileFailure("look at", existing, errno);
  const std::string type = MountedType(status.st_dev);
  return std::find(kNetworkFuse.begin(), kNetworkFuse.end(), type) != kNetworkFuse.end();
}

}  // namespace firn
