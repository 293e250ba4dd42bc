// AwsAccess: the account of whoever runs Firn: transport, credential chain, region, client. Any
// thread.
#pragma once

#include <memory>

#include "core/base/error.h"
#include "core/net/client.h"
#include "ends/aws/client.h"
#include "ends/aws/credentials.h"

namespace firn::engine {

class AwsAccess {
 public:
  // Asks nobody yet. Errors: BadConfig (AWS-REGION-001).
  [[nodiscard]] static Result<std::shared_ptr<AwsAccess>> Open();
  [[nodiscard]] aws::AwsClient& client() { return *client_; }
  // Stays good as long as the access; for what wants to own it.
  [[nodiscard]] const std::shared_ptr<aws::AwsClient>& shared_client() const { return client_; }
  [[nodiscard]] aws::CredentialSource& credentials() { return *credentials_; }

 private:
  AwsAccess() = default;
  std::unique_ptr<net::Transport> transport_;
  std::unique_ptr<aws::CredentialSource> credentials_;
  std::shared_ptr<aws::AwsClient> client_;
};

}  // namespace firn::engine
