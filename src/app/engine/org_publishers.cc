#include "app/engine/org_publishers.h"

namespace firn::engine {

Result<std::unique_ptr<salesforce::PubSub>> OpenPubSub(const project::Org& org,
                                                       salesforce::Org& remote) {
  salesforce::PubSubOptions options;
  options.org = org.id;
  options.endpoint = org.pubsub_endpoint;
  options.ca_file = org.ca_file;
  options.proxy = org.proxy;
  options.tenant_id = remote.org_id();
  return salesforce::PubSub::Open(std::move(options), remote.tokens());
}

ProjectOrgs::ProjectOrgs(project::Project project, config::SecretResolver& secrets,
                         MetricsRegistry* metrics)
    : project_(std::move(project)), secrets_(secrets), metrics_(metrics) {}

Result<salesforce::PubSub*> ProjectOrgs::ForOrg(const Call& call, const std::string& org) {
  FIRN_TRY(const project::Org* wanted, project_.FindOrg(org));
  const std::lock_guard lock(mutex_);
  Opened& place = opened_[wanted->id];
  if (place.bus != nullptr) return place.bus;
  FIRN_TRY(place.link, OrgLink::Open(call, project_, *wanted, secrets_, metrics_));
  FIRN_TRY(place.own, OpenPubSub(*wanted, place.link->org()));
  place.bus = place.own.get();
  return place.bus;
}

void ProjectOrgs::Lend(const std::string& org, salesforce::PubSub& bus) {
  const std::lock_guard lock(mutex_);
  opened_[org].bus = &bus;
}

}  // namespace firn::engine
