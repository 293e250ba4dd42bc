#include "app/engine/rules_link.h"

#include <algorithm>

#include "app/engine/lake_access.h"
#include "app/engine/org_publishers.h"

namespace firn::engine {
namespace {

// An org that a target names and the project lacks is better known now than at the first event.
Result<void> CheckOrgs(const project::Project& project, const project::RuleSet& rules) {
  for (const project::Rule& rule : rules.rules) {
    for (const project::RuleTarget& target : rule.targets) {
      if (target.kind != project::TargetKind::kPlatformEvent) continue;
      const size_t slash = target.local.find('/');
      const auto org = project.FindOrg(
          slash == std::string::npos ? "" : std::string_view(target.local).substr(0, slash));
      if (!org) return Fail(Error(org.error()).Doing("reading the target at " + target.where));
    }
  }
  return {};
}

bool UsesLake(const project::RuleSet& rules) {
  return std::any_of(rules.rules.begin(), rules.rules.end(), [](const project::Rule& rule) {
    return std::any_of(rule.targets.begin(), rule.targets.end(),
                       [](const project::RuleTarget& target) {
                         return target.kind == project::TargetKind::kLakeTable;
                       });
  });
}

}  // namespace

RulesLink::RulesLink() = default;
RulesLink::~RulesLink() = default;

void RulesLink::Lend(const std::string& org, salesforce::PubSub& bus) { orgs_->Lend(org, bus); }

Result<std::unique_ptr<RulesLink>> RulesLink::Open(const project::Project& project,
                                                   config::SecretResolver& secrets,
                                                   MetricsRegistry* metrics) {
  std::unique_ptr<RulesLink> link(new RulesLink());
  link->rules_ = std::make_shared<const project::RuleSet>(
      project::LoadRules(project.folder, {}, &link->problems_));
  FIRN_TRY(link->outbox_,
           events::OutboxStore::Open(project.state_folder, events::OutboxStore::Use::kEngine));
  FIRN_TRY(link->transport_, net::NewHttpClient({}));
  const aws::Environment environment = aws::Environment::OfProcess();
  link->credentials_ = aws::NewCredentialChain(*link->transport_, {});
  link->aws_ = events::NewAwsClients(*link->transport_, *link->credentials_, environment);
  FIRN_CHECK(CheckOrgs(project, *link->rules_));
  link->orgs_ = std::make_unique<ProjectOrgs>(project, secrets, metrics);
  if (UsesLake(*link->rules_)) {
    FIRN_TRY(link->lake_, OpenLakeOf(Call(), project, secrets));
  }
  events::RuleEngineParts parts;
  parts.rules = link->rules_;
  parts.outbox = link->outbox_;
  parts.metrics = metrics;
  parts.targets.transport = link->transport_.get();
  parts.targets.aws = link->aws_.get();
  parts.targets.orgs = link->orgs_.get();
  parts.targets.secrets = &secrets;
  parts.targets.lake = link->lake_.get();
  // Rules watch all orgs of the project; a table name without a namespace is of the first.
  if (!project.orgs.empty()) {
    parts.targets.lake_namespace = project.NamespaceOf(project.orgs.front());
  }
  parts.targets.project_folder = project.folder;
  FIRN_TRY(link->engine_, events::RuleEngine::Open(std::move(parts)));
  return link;
}

}  // namespace firn::engine
