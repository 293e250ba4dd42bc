// The access log: a JSON line per request. Thread-safe. Never holds a token or a body.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "core/base/error.h"
#include "core/base/file.h"

namespace firn::federation {

struct AccessLine {
  std::string at;  // ISO 8601, UTC
  std::string peer;
  std::string principal;
  std::string method;
  std::string target;
  std::string client;  // User-Agent
  int status = 0;
  size_t bytes = 0;
  double ms = 0;
};

class AccessLog {
 public:
  // Appends to `path`, mode 0600. Errors: Denied, LimitReached of the file.
  [[nodiscard]] static Result<std::unique_ptr<AccessLog>> Open(const std::string& path);
  void Write(const AccessLine& line);

 private:
  explicit AccessLog(Fd file) : file_(std::move(file)) {}
  std::mutex mutex_;
  Fd file_;
};

}  // namespace firn::federation
