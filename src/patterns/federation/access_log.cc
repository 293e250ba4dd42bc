#include "patterns/federation/access_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

namespace firn::federation {

Result<std::unique_ptr<AccessLog>> AccessLog::Open(const std::string& path) {
  Fd file(open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid())
    return Fail(
        Error(Kind::kBadConfig, "CAT-SERVE-001", "the access log `" + path + "` cannot be opened")
            .At(path)
            .Because(std::strerror(errno)));
  return std::unique_ptr<AccessLog>(new AccessLog(std::move(file)));
}

void AccessLog::Write(const AccessLine& line) {
  const nlohmann::ordered_json json = {
      {"at", line.at},         {"peer", line.peer},     {"principal", line.principal},
      {"method", line.method}, {"target", line.target}, {"client", line.client},
      {"status", line.status}, {"bytes", line.bytes},   {"ms", line.ms}};
  const std::string text =
      json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  const std::lock_guard lock(mutex_);
  // One write a line, so that lines of two servers on one file do not mix. A full disk loses log
  // lines, not requests.
  [[maybe_unused]] const ssize_t written = write(file_.get(), text.data(), text.size());
}

}  // namespace firn::federation
