// S3Access: how clients of the catalog reach the files of a table on S3 without keys of their own:
// credentials of a role, narrowed down to the table (vended), or requests signed one by one.
//
// Any thread. Vended credentials are kept for others that may do the same until half of their life
// is over. Keys are Secret; they are answered to whoever may have them and never logged.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "ends/aws/client.h"
#include "ends/aws/sigv4.h"
#include "patterns/federation/storage/s3_request.h"

namespace firn::federation {

struct S3AccessOptions {
  std::string role_arn;             // whose credentials are vended; empty: none are
  std::chrono::seconds life{3600};  // of vended credentials
};

class S3Access {
 public:
  // By the credentials and region of whoever runs the server. Errors: of the region (AWS-REGION-*).
  [[nodiscard]] static Result<std::unique_ptr<S3Access>> Open(const S3AccessOptions& options);
  ~S3Access();

  [[nodiscard]] bool vends() const { return !options_.role_arn.empty(); }
  [[nodiscard]] const std::string& region() const { return region_; }
  // Of a store that is not AWS's own; else empty.
  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }

  struct Wish {
    std::vector<S3Place> places;
    bool write = false;
    std::string principal;  // shows in CloudTrail
  };
  // Errors: those of STS.
  [[nodiscard]] Result<aws::Credentials> Vend(const Call& call, const Wish& wish);

  // The request's headers, signed. The caller has checked what it does. Errors: those of the
  // credential chain.
  [[nodiscard]] Result<net::Headers> Sign(const Call& call, const S3Request& request);

 private:
  struct Account;
  S3Access() = default;

  S3AccessOptions options_;
  std::string region_;
  std::string endpoint_;
  std::unique_ptr<Account> account_;
  std::mutex mutex_;
  std::map<std::string, aws::Credentials> kept_;
};

}  // namespace firn::federation
