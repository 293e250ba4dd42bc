#include "app/cli/commands/export_session.h"

#include "app/engine/lake_access.h"

namespace firn::cli {

Result<std::unique_ptr<ExportSession>> OpenExportSession(Context& context, StateUse use) {
  auto session = std::make_unique<ExportSession>();
  FIRN_TRY(const auto* project, context.LoadProject());
  FIRN_TRY(const auto* org, context.LoadOrg());
  if (use != StateUse::kNone && context.host()) {
    session->db = context.host()->state_db;
  } else if (use != StateUse::kNone) {
    state::StateDb::Options options;
    options.purpose = "firn " + context.command().path;
    options.read_only = use == StateUse::kReading;
    FIRN_TRY(session->db, state::StateDb::Open(project->state_folder, options));
  }
  if (session->db) {
    session->ledger = std::make_unique<state::Ledger>(session->db);
    session->checkpoints = std::make_unique<state::Checkpoints>(session->db);
  }
  FIRN_TRY(session->link, engine::OrgLink::Open(context.call(), *project, *org, context.secrets(),
                                                &session->metrics));
  FIRN_TRY(session->lake, engine::OpenLakeOf(context.call(), *project, context.secrets()));
  session->leases = state::NewSqliteLeases(session->link->shared(), SystemClock());
  salesforce::Org& remote = session->link->org();
  session->parts = {.org = org->id,
                    .org_id = remote.org_id(),
                    .api_version = remote.version().pinned,
                    .rest = &remote.rest(),
                    .bulk = &remote.bulk(),
                    .budget = &remote.budget(),
                    .lake = session->lake.get(),
                    .ledger = session->ledger.get(),
                    .checkpoints = session->checkpoints.get(),
                    .shared = session->link->shared().get(),
                    .leases = session->leases.get(),
                    .lease_holder = "the writer of " + project->state_folder,
                    .metrics = &session->metrics};
  for (const std::string& warning : remote.warnings()) context.out().Warn(warning);
  return session;
}

}  // namespace firn::cli
