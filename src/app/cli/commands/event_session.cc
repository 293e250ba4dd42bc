#include "app/cli/commands/event_session.h"

#include <unistd.h>

#include "app/engine/lake_access.h"
#include "app/engine/org_publishers.h"
#include "core/base/random.h"

namespace firn::cli {
namespace {

std::map<std::string, std::string> KeyPrefixes(const std::vector<salesforce::ObjectInfo>& objects) {
  std::map<std::string, std::string> prefixes;
  for (const auto& object : objects) {
    if (!object.key_prefix.empty()) prefixes.emplace(object.key_prefix, object.name);
  }
  return prefixes;
}

}  // namespace

std::string QuarantineFolder(const project::Project& project) {
  return project.state_folder + "/quarantine";
}

Result<std::unique_ptr<EventSession>> OpenEventSession(Context& context, LakeUse use) {
  auto session = std::make_unique<EventSession>();
  FIRN_TRY(const auto* project, context.LoadProject());
  FIRN_TRY(const auto* org, context.LoadOrg());
  FIRN_TRY(session->link, engine::OrgLink::Open(context.call(), *project, *org, context.secrets(),
                                                &session->metrics));
  salesforce::Org& remote = session->link->org();
  FIRN_TRY(session->pubsub, engine::OpenPubSub(*org, remote));
  events::StreamParts& parts = session->parts;
  parts.org = org->id;
  parts.org_id = remote.org_id();
  parts.pubsub = session->pubsub.get();
  parts.shared = session->link->shared();
  parts.metrics = &session->metrics;
  parts.lake.rest = &remote.rest();
  parts.lake.api_version = remote.version().pinned;
  for (const std::string& warning : remote.warnings()) context.out().Warn(warning);
  if (use == LakeUse::kNone) return session;
  FIRN_TRY(session->lake, engine::OpenLakeOf(context.call(), *project, context.secrets()));
  session->leases = state::NewSqliteLeases(session->link->shared(), SystemClock());
  parts.lake.lake = session->lake.get();
  parts.leases = session->leases.get();
  parts.lease_holder = "process " + std::to_string(getpid()) + " on this host, " +
                       NewUuid(SystemRandom()).substr(0, 8);
  parts.instance = events::InstanceOf(context.call(), remote.rest());
  FIRN_TRY(const auto objects, remote.rest().DescribeGlobal(context.call()));
  parts.lake.key_prefixes = KeyPrefixes(objects);
  return session;
}

}  // namespace firn::cli
