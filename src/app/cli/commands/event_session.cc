#include "app/cli/commands/event_session.h"

#include "app/engine/lake_access.h"

namespace firn::cli {
std::string QuarantineFolder(const project::Project& project) {
  return project.state_folder + "/quarantine";
}

events::EnvelopePlace EventSession::PlaceOf(const std::string& topic) const {
  const auto environment = aws::Environment::OfProcess();
  for (const project::FollowedStream& followed : services.events) {
    if (followed.org == parts().org && followed.topic == topic) {
      return events::EnvelopePlaceOf(environment, followed);
    }
  }
  return events::EnvelopePlaceOf(environment);
}

Result<std::unique_ptr<EventSession>> OpenEventSession(Context& context, LakeUse use) {
  auto session = std::make_unique<EventSession>();
  FIRN_TRY(const auto* project, context.LoadProject());
  FIRN_TRY(const auto* org, context.LoadOrg());
  FIRN_TRY(session->services, project::LoadServices(*project));
  FIRN_TRY(session->link, engine::OrgLink::Open(context.call(), *project, *org, context.secrets(),
                                                &session->metrics));
  for (const std::string& warning : session->link->org().warnings()) context.out().Warn(warning);
  if (use == LakeUse::kFollow) {
    FIRN_TRY(session->lake, engine::OpenLakeOf(context.call(), *project, context.secrets()));
    session->leases = state::NewSqliteLeases(session->link->shared(), SystemClock());
  }
  FIRN_TRY(session->stream, engine::StreamLink::Open(context.call(), *org,
                                                     {session->link, session->lake,
                                                      session->leases.get(), &session->metrics}));
  return session;
}

}  // namespace firn::cli
