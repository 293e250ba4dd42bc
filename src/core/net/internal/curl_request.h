// A Request as options of a curl easy handle, and the callbacks that feed a Transfer.
#pragma once

#include <memory>
#include <string>

#include "core/net/client.h"
#include "core/net/internal/transfer.h"

struct curl_slist;

namespace firn::net {

class CurlRequest {
 public:
  CurlRequest() = default;
  ~CurlRequest() { Release(); }
  CurlRequest(const CurlRequest&) = delete;
  CurlRequest& operator=(const CurlRequest&) = delete;

  // Both must outlive the transfer.
  void Prepare(void* easy, Transfer& transfer, const ClientOptions& options, bool bulk);
  void Release();
  [[nodiscard]] std::string Message() const;

  [[nodiscard]] static bool Connected(void* easy);
  // What a proxy answered to CONNECT; 0 when none did.
  [[nodiscard]] static int ProxyStatus(void* easy);
  [[nodiscard]] static std::string HttpVersion(void* easy);

 private:
  void PrepareHeaders(void* easy, const Transfer& transfer);
  void PrepareMethod(void* easy, Transfer& transfer);

  curl_slist* headers_ = nullptr;
  std::unique_ptr<char[]> message_;
};

}  // namespace firn::net
