// RulesLink: the event rules of a project, opened with all they stand on: outbox, credentials and
// clients of AWS, the lake, secrets. For commands and the daemon alike.
//
// Rules that are wrong are left out; who opens it tells of them. One RulesLink a process and
// project, while it delivers: it holds the outbox's lock. Members in the order in which they must
// go away again.
#pragma once

#include <memory>
#include <string>

#include "core/base/call.h"
#include "core/base/error.h"
#include "core/base/metrics.h"
#include "core/config/secret_ref.h"
#include "core/net/client.h"
#include "core/project/project.h"
#include "core/project/rules.h"
#include "ends/aws/credentials.h"
#include "ends/lake/table.h"
#include "ends/salesforce/pubsub.h"
#include "patterns/events/rules/rule_engine.h"

namespace firn::engine {

class RulesLink {
 public:
  // `metrics` may be null. Errors: Conflict (EVENT-OUTBOX-001), those of the lake and of targets.
  [[nodiscard]] static Result<std::unique_ptr<RulesLink>> Open(const project::Project& project,
                                                               config::SecretResolver& secrets,
                                                               MetricsRegistry* metrics);

  ~RulesLink();

  [[nodiscard]] events::RuleEngine& engine() { return *engine_; }
  [[nodiscard]] events::OutboxStore& outbox() { return *outbox_; }
  [[nodiscard]] const project::RuleSet& rules() const { return *rules_; }
  // Platform events of that org go by `bus` (which outlives this) instead of a sign-in of their
  // own. Before the engine starts.
  void Lend(const std::string& org, salesforce::PubSub& bus);
  // What is wrong with rules that were left out.
  [[nodiscard]] const config::Problems& problems() const { return problems_; }

 private:
  RulesLink();
  std::shared_ptr<const project::RuleSet> rules_;
  config::Problems problems_;
  std::unique_ptr<net::Transport> transport_;
  std::unique_ptr<aws::CredentialSource> credentials_;
  std::unique_ptr<events::AwsClients> aws_;
  std::unique_ptr<class ProjectOrgs> orgs_;
  std::unique_ptr<lake::Lake> lake_;
  std::shared_ptr<events::OutboxStore> outbox_;
  std::unique_ptr<events::RuleEngine> engine_;
};

}  // namespace firn::engine
