#include "app/cli/commands/event_session.h"

#include "app/engine/lake_access.h"
#include "app/engine/org_publishers.h"
#include "app/engine/stream_link.h"

namespace firn::cli {
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
  FIRN_CHECK(engine::FillFromOrg(context.call(), parts));
  return session;
}

}  // namespace firn::cli
