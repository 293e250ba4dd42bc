// ProjectOrgs: the orgs of a project as platform events are published to them: each is signed in to
// when the first event is for it, and stays open.
//
// Any thread may ask; the first one opens for all. Secrets are resolved while opening.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "app/engine/org_link.h"
#include "core/project/project.h"
#include "ends/salesforce/pubsub.h"
#include "patterns/events/target/target.h"

namespace firn::engine {

// The Pub/Sub API of an org, by its settings. Nothing is connected yet. Errors: SF-STREAM-009.
[[nodiscard]] Result<std::unique_ptr<salesforce::PubSub>> OpenPubSub(const project::Org& org,
                                                                     salesforce::Org& remote);

class ProjectOrgs final : public events::OrgPublishers {
 public:
  // `secrets` and `metrics` (may be null) outlive it; the project is copied.
  ProjectOrgs(project::Project project, config::SecretResolver& secrets, MetricsRegistry* metrics);

  [[nodiscard]] Result<salesforce::PubSub*> ForOrg(const Call& call,
                                                   const std::string& org) override;
  // Somebody else's, who outlives this.
  void Lend(const std::string& org, salesforce::PubSub& bus);

 private:
  struct Opened {
    std::unique_ptr<OrgLink> link;
    std::unique_ptr<salesforce::PubSub> own;
    salesforce::PubSub* bus = nullptr;
  };
  const project::Project project_;
  config::SecretResolver& secrets_;
  MetricsRegistry* metrics_;
  std::mutex mutex_;
  std::map<std::string, Opened> opened_;
};

}  // namespace firn::engine
