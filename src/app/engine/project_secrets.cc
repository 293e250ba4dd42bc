#include "app/engine/project_secrets.h"

#include <mutex>

#include "app/engine/aws_access.h"
#include "ends/aws/secrets_manager.h"

namespace firn::engine {
namespace {

class Resolver final : public config::SecretResolver {
 public:
  explicit Resolver(std::string folder) : folder_(std::move(folder)) {
    local_ = config::LocalSecrets(folder_);
  }

  Result<Secret> Resolve(const Call& call, const config::SecretRef& ref) override {
    if (ref.source != config::SecretRef::Source::kAwsSecret) return local_->Resolve(call, ref);
    FIRN_TRY(const std::shared_ptr<config::SecretResolver> remote, Remote());
    return remote->Resolve(call, ref);
  }

 private:
  Result<std::shared_ptr<config::SecretResolver>> Remote() {
    const std::scoped_lock lock(mutex_);
    if (remote_) return remote_;
    FIRN_TRY(access_, AwsAccess::Open());
    remote_ = aws::SecretsManagerSecrets(access_->shared_client(), config::LocalSecrets(folder_));
    return remote_;
  }

  std::string folder_;
  std::unique_ptr<config::SecretResolver> local_;
  std::mutex mutex_;
  std::shared_ptr<AwsAccess> access_;
  std::shared_ptr<config::SecretResolver> remote_;
};

}  // namespace

std::unique_ptr<config::SecretResolver> ProjectSecrets(std::string folder) {
  return std::make_unique<Resolver>(std::move(folder));
}

}  // namespace firn::engine
