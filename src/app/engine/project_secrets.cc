#include "app/engine/project_secrets.h"

#include <mutex>

#include "core/net/client.h"
#include "ends/aws/secrets_manager.h"

namespace firn::engine {
namespace {

// Everything that a call of AWS stands on, kept together.
struct AwsAccess {
  std::unique_ptr<net::Transport> transport;
  std::unique_ptr<aws::CredentialSource> credentials;
  std::unique_ptr<config::SecretResolver> secrets;
};

class Resolver final : public config::SecretResolver {
 public:
  explicit Resolver(std::string folder) : folder_(std::move(folder)) {
    local_ = config::LocalSecrets(folder_);
  }

  Result<Secret> Resolve(const Call& call, const config::SecretRef& ref) override {
    if (ref.source != config::SecretRef::Source::kAwsSecret) return local_->Resolve(call, ref);
    FIRN_TRY(const std::shared_ptr<AwsAccess> access, Access());
    return access->secrets->Resolve(call, ref);
  }

 private:
  Result<std::shared_ptr<AwsAccess>> Access() {
    const std::scoped_lock lock(mutex_);
    if (access_) return access_;
    auto access = std::make_shared<AwsAccess>();
    FIRN_TRY(access->transport, net::NewHttpClient({}));
    access->credentials = aws::NewCredentialChain(*access->transport, {});
    aws::ClientParts parts;
    parts.transport = access->transport.get();
    parts.credentials = access->credentials.get();
    FIRN_TRY(parts.region, aws::FindRegion(parts.environment, parts.profile));
    access->secrets =
        aws::SecretsManagerSecrets(std::make_shared<aws::AwsClient>(std::move(parts)),
                                   config::LocalSecrets(folder_));
    access_ = std::move(access);
    return access_;
  }

  std::string folder_;
  std::unique_ptr<config::SecretResolver> local_;
  std::mutex mutex_;
  std::shared_ptr<AwsAccess> access_;
};

}  // namespace

std::unique_ptr<config::SecretResolver> ProjectSecrets(std::string folder) {
  return std::make_unique<Resolver>(std::move(folder));
}

}  // namespace firn::engine
