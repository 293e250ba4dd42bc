// HTTP/1.1 requests out of bytes as they come (Boost.Beast's parser behind it). One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/net/http.h"

namespace firn::net {

struct ParsedRequest {
  std::string method;
  std::string target;
  Headers headers;
  std::string body;  // what has come since it was last taken
};

class RequestParser {
 public:
  enum class What { kNeedMore, kHeader, kBody, kDone, kRefused };
  struct Step {
    What what = What::kNeedMore;
    size_t consumed = 0;
    int status = 0;  // with kRefused: what to answer (400, 413, 431)
  };
  RequestParser(uint32_t header_bytes_max, uint64_t body_bytes_max);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  // Takes a part of `bytes`; what is not consumed must be given again, with more behind it. A
  // header must fit one call. Says kHeader once when the header is complete, kDone at the end of
  // the request; never reads past it.
  [[nodiscard]] Step Feed(std::string_view bytes);
  [[nodiscard]] ParsedRequest& request();
  // Valid from kHeader on.
  [[nodiscard]] bool keep_alive() const;
  [[nodiscard]] bool has_body() const;
  [[nodiscard]] bool http_1_0() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// `Not Found` for 404; `Status` when there is no name for it.
[[nodiscard]] std::string_view ReasonPhrase(int status);

}  // namespace firn::net
