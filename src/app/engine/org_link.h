// OrgLink: an org of the project, opened, with everything it stands on: transport, secrets, shared
// budget, describe cache and token store, held in the right order.
//
// One OrgLink an org and process; what it hands out may be used from any thread and must not
// outlive it. Secrets are resolved while opening and held only as Secret.
#pragma once

#include <memory>
#include <string>

#include "core/base/call.h"
#include "core/base/error.h"
#include "core/base/metrics.h"
#include "core/config/secret_ref.h"
#include "core/net/client.h"
#include "core/project/project.h"
#include "core/state/shared_state.h"
#include "ends/salesforce/org.h"

namespace firn::engine {

// The project's words in the client's. Resolves the secrets that the flow needs. Errors: those of
// the resolver, CONFIG-SECRET-*.
[[nodiscard]] Result<salesforce::OrgOptions> OrgOptionsFrom(const Call& call,
                                                            const project::Org& org,
                                                            config::SecretResolver& secrets);
// A client with the org's authorities and proxy.
[[nodiscard]] Result<std::unique_ptr<net::Transport>> TransportFor(const project::Org& org);

class OrgLink {
 public:
  // Makes the state folder when it is missing, signs in, checks the version, reads the limits.
  // `metrics` may be null. Errors: as salesforce::Org::Open and state::SharedState::Open.
  [[nodiscard]] static Result<std::unique_ptr<OrgLink>> Open(const Call& call,
                                                             const project::Project& project,
                                                             const project::Org& org,
                                                             config::SecretResolver& secrets,
                                                             MetricsRegistry* metrics);
  ~OrgLink();

  [[nodiscard]] salesforce::Org& org() { return *org_; }
  [[nodiscard]] net::Transport& transport() { return *transport_; }
  [[nodiscard]] const std::shared_ptr<state::SharedState>& shared() const { return shared_; }

 private:
  OrgLink() = default;
  std::unique_ptr<net::Transport> transport_;
  std::shared_ptr<state::SharedState> shared_;
  std::unique_ptr<salesforce::BudgetStore> budget_;
  std::unique_ptr<salesforce::DescribeCache> describes_;
  std::unique_ptr<salesforce::TokenStore> tokens_;
  std::unique_ptr<salesforce::Org> org_;  // the last to come, the first to go
};

}  // namespace firn::engine
