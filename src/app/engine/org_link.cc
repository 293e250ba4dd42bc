#include "app/engine/org_link.h"

#include <algorithm>
#include <cmath>

#include "app/engine/project_secrets.h"
#include "core/base/file.h"
#include "core/state/state_db.h"

namespace firn::engine {
namespace {

Result<Secret> Optional(const Call& call, config::SecretResolver& secrets,
                        const config::SecretRef& ref) {
  if (ref.empty()) return Secret();
  return secrets.Resolve(call, ref);
}

// Outside of a rotation there need be no next key at the place that is named for it.
Result<Secret> NextKey(const Call& call, config::SecretResolver& secrets,
                       const config::SecretRef& ref) {
  auto key = Optional(call, secrets, ref);
  if (!key && key.error().kind() == Kind::kNotFound) return Secret();
  return key;
}

salesforce::SignIn::Kind KindOf(project::AuthFlow flow) {
  switch (flow) {
    case project::AuthFlow::kClientCredentials:
      return salesforce::SignIn::Kind::kClientCredentials;
    case project::AuthFlow::kRefreshToken:
      return salesforce::SignIn::Kind::kRefreshToken;
    case project::AuthFlow::kJwt:
      break;
  }
  return salesforce::SignIn::Kind::kJwtBearer;
}

}  // namespace

Result<salesforce::OrgOptions> OrgOptionsFrom(const Call& call, const project::Org& org,
                                              config::SecretResolver& secrets) {
  salesforce::OrgOptions options;
  options.name = org.id;
  options.api_version = org.api_version;
  options.bulk.gzip = org.gzip;
  options.budget.share_percent =
      std::clamp(static_cast<int>(std::lround(org.limits.share * 100)), 1, 100);
  options.budget.calls_per_run_max = org.limits.calls_per_run_max;
  salesforce::SignIn& sign_in = options.sign_in;
  sign_in.kind = KindOf(org.auth.flow);
  sign_in.login_url = org.login_url;
  sign_in.client_id = org.auth.client_id;
  sign_in.username = org.auth.username;
  sign_in.audience = org.auth.audience;
  FIRN_TRY(sign_in.current_key_pem, Optional(call, secrets, org.auth.key));
  FIRN_TRY(sign_in.next_key_pem, NextKey(call, secrets, org.auth.next_key));
  FIRN_TRY(sign_in.client_secret, Optional(call, secrets, org.auth.client_secret));
  FIRN_TRY(sign_in.refresh_token, Optional(call, secrets, org.auth.refresh_token));
  return options;
}

Result<std::unique_ptr<net::Transport>> TransportFor(const project::Org& org) {
  net::ClientOptions options;
  options.ca_file = org.ca_file;
  options.proxy = org.proxy;
  return net::NewHttpClient(options);
}

Result<std::unique_ptr<OrgLink>> OrgLink::Open(const Call& call, const project::Project& project,
                                               const project::Org& org,
                                               config::SecretResolver& secrets,
                                               MetricsRegistry* metrics) {
  std::unique_ptr<OrgLink> link(new OrgLink);
  FIRN_TRY(auto options, OrgOptionsFrom(call, org, secrets));
  if (org.auth.flow == project::AuthFlow::kJwt) {
    // A resolver of its own: the link outlives the one it was opened with.
    options.sign_in.fresh_keys = [auth = org.auth,
                                  own = std::shared_ptr(ProjectSecrets(project.folder))](
                                     const Call& now) -> Result<salesforce::SignInKeys> {
      salesforce::SignInKeys keys;
      FIRN_TRY(keys.current_key_pem, Optional(now, *own, auth.key));
      FIRN_TRY(keys.next_key_pem, NextKey(now, *own, auth.next_key));
      return keys;
    };
  }
  FIRN_TRY(link->transport_, TransportFor(org));
  FIRN_CHECK(MakeFolders(project.state_folder, 0700));
  FIRN_TRY(link->shared_, state::SharedState::Open(state::SharedStatePath(project.state_folder)));
  link->budget_ = salesforce::NewBudgetStore(link->shared_);
  link->describes_ = salesforce::NewDescribeCache(link->shared_);
  link->tokens_ = salesforce::NewFileTokenStore(project.state_folder + "/tokens");
  salesforce::OrgParts parts;
  parts.transport = link->transport_.get();
  parts.budget_store = link->budget_.get();
  parts.describe_cache = link->describes_.get();
  parts.token_store = link->tokens_.get();
  parts.metrics = metrics;
  FIRN_TRY(link->org_, salesforce::Org::Open(call, std::move(options), parts));
  return link;
}

OrgLink::~OrgLink() = default;

}  // namespace firn::engine
