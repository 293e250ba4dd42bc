// The words of HTTP that client and server share.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.h"

namespace firn::net {

// Header fields in order; names compare without case.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}
  void Add(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
  }
  void Set(std::string_view name, std::string value);
  void Remove(std::string_view name);
  // The first value of that name; empty optional when absent.
  [[nodiscard]] std::optional<std::string_view> Get(std::string_view name) const;
  [[nodiscard]] std::string GetOr(std::string_view name, std::string_view otherwise) const;
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& all() const {
    return fields_;
  }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// A body read piece by piece by its consumer, in both directions, client and server.
class BodyStream {
 public:
  virtual ~BodyStream() = default;
  // The next piece, at most `bytes_max` bytes; empty = the end. Blocks. Errors: what broke the
  // stream.
  [[nodiscard]] virtual Result<std::string> Read(size_t bytes_max) = 0;
  // The same into the reader's own memory; the bytes put there, 0 = the end. Streams that can fill
  // memory directly override it.
  [[nodiscard]] virtual Result<size_t> ReadInto(char* into, size_t bytes_max) {
    FIRN_TRY(const std::string piece, Read(bytes_max));
    std::memcpy(into, piece.data(), piece.size());
    return piece.size();
  }
};

}  // namespace firn::net
