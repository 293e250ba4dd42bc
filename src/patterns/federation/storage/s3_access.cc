#include "patterns/federation/storage/s3_access.h"

#include <algorithm>

#include "ends/aws/credentials.h"
#include "ends/aws/sign_sent.h"
#include "ends/aws/sts.h"

namespace firn::federation {
namespace {

constexpr size_t kKeptMax = 4096;
constexpr size_t kSessionNameMax = 64;

// What STS takes as a session name.
std::string SessionName(const std::string& principal) {
  std::string name = "firn-";
  for (const char c : principal) {
    const bool good = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                      std::string_view("_+=,.@-").find(c) != std::string_view::npos;
    name += good ? c : '_';
  }
  return name.substr(0, kSessionNameMax);
}

// `aws-cn` of `arn:aws-cn:iam::..`.
std::string PartitionOf(const std::string& arn) {
  const size_t begin = arn.find(':');
  const size_t end = begin == std::string::npos ? begin : arn.find(':', begin + 1);
  return end == std::string::npos ? "aws" : arn.substr(begin + 1, end - begin - 1);
}

}  // namespace

struct S3Access::Account {
  std::unique_ptr<net::Transport> transport;
  std::unique_ptr<aws::CredentialSource> credentials;
  std::unique_ptr<aws::AwsClient> client;
};

S3Access::~S3Access() = default;

Result<std::unique_ptr<S3Access>> S3Access::Open(const S3AccessOptions& options) {
  std::unique_ptr<S3Access> access(new S3Access());
  access->options_ = options;
  access->account_ = std::make_unique<Account>();
  FIRN_TRY(access->account_->transport, net::NewHttpClient({}));
  access->account_->credentials = aws::NewCredentialChain(*access->account_->transport, {});
  aws::ClientParts parts;
  parts.transport = access->account_->transport.get();
  parts.credentials = access->account_->credentials.get();
  FIRN_TRY(parts.region, aws::FindRegion(parts.environment, parts.profile));
  access->region_ = parts.region;
  access->endpoint_ =
      parts.environment.GetOr("AWS_ENDPOINT_URL_S3", parts.environment.Get("AWS_ENDPOINT_URL"));
  while (access->endpoint_.ends_with('/')) access->endpoint_.pop_back();
  access->account_->client = std::make_unique<aws::AwsClient>(std::move(parts));
  return access;
}

Result<aws::Credentials> S3Access::Vend(const Call& call, const Wish& wish) {
  aws::RoleSession session;
  session.role_arn = options_.role_arn;
  session.name = SessionName(wish.principal);
  session.policy = SessionPolicy({wish.places, wish.write, PartitionOf(options_.role_arn)});
  session.life = options_.life;
  const std::string key = session.name + "\n" + session.policy;
  const UtcMicros now = call.clock->Now();
  {
    const std::lock_guard lock(mutex_);
    const auto known = kept_.find(key);
    if (known != kept_.end() && now + options_.life / 2 < known->second.expires)
      return known->second;
  }
  FIRN_TRY(aws::Credentials given, aws::AssumeRoleWithin(call, *account_->client, session));
  const std::lock_guard lock(mutex_);
  std::erase_if(kept_, [&](const auto& item) { return item.second.expires <= now; });
  if (kept_.size() >= kKeptMax) kept_.clear();
  kept_[key] = given;
  return given;
}

Result<net::Headers> S3Access::Sign(const Call& call, const S3Request& request) {
  FIRN_TRY(const aws::Credentials credentials, account_->credentials->Get(call));
  net::Request wire;
  wire.method = request.method;
  wire.url = request.uri;
  wire.headers = request.headers;
  wire.headers.Remove("Authorization");
  aws::SigningOptions options;
  options.scope = {request.region.empty() ? region_ : request.region, "s3"};
  options.now = call.clock->Now() + account_->client->clock_skew();
  aws::SignAsSent(wire, credentials, options);
  return wire.headers;
}

}  // namespace firn::federation
