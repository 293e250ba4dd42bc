#include "app/engine/aws_access.h"

namespace firn::engine {

Result<std::shared_ptr<AwsAccess>> AwsAccess::Open() {
  std::shared_ptr<AwsAccess> access(new AwsAccess);
  FIRN_TRY(access->transport_, net::NewHttpClient({}));
  access->credentials_ = aws::NewCredentialChain(*access->transport_, {});
  aws::ClientParts parts;
  parts.transport = access->transport_.get();
  parts.credentials = access->credentials_.get();
  FIRN_TRY(parts.region, aws::FindRegion(parts.environment, parts.profile));
  access->client_ = std::make_shared<aws::AwsClient>(std::move(parts));
  return access;
}

}  // namespace firn::engine
