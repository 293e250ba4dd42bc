// org rotate-cert: a new certificate for signing in, step by step.
#include <fmt/format.h>

#include <algorithm>

#include "app/cli/commands.h"
#include "app/engine/certificate_rotation.h"
#include "app/engine/key_place.h"
#include "app/engine/org_link.h"
#include "core/base/file.h"
#include "core/base/time_text.h"
#include "core/state/state_db.h"

namespace firn::cli {
namespace {

using engine::RotationStage;

// What a rotation stands on, in the order in which it must go away.
struct Session {
  const project::Project* project = nullptr;
  const project::Org* org = nullptr;
  std::unique_ptr<net::Transport> transport;
  std::shared_ptr<state::SharedState> shared;
  std::unique_ptr<engine::KeyPlace> keys;
  std::unique_ptr<engine::CertificateRotation> rotation;
};

Result<Session> OpenSession(Context& context) {
  Session session;
  FIRN_TRY(session.project, context.LoadProject());
  FIRN_TRY(session.org, context.LoadOrg());
  FIRN_TRY(session.keys, engine::KeyPlaceOf(*session.project, *session.org));
  FIRN_TRY(session.transport, engine::TransportFor(*session.org));
  FIRN_CHECK(MakeFolders(session.project->state_folder, 0700));
  FIRN_TRY(session.shared,
           state::SharedState::Open(state::SharedStatePath(session.project->state_folder)));
  session.rotation = std::make_unique<engine::CertificateRotation>(
      engine::RotationParts{session.project, session.org, session.transport.get(),
                            session.shared.get(), session.keys.get()});
  return session;
}

std::string NextStep(const Session& session, RotationStage stage) {
  const std::string& org = session.org->id;
  switch (stage) {
    case RotationStage::kNone:
    case RotationStage::kBeginning:
      return "firn org rotate-cert begin --org " + org;
    case RotationStage::kBegun:
    case RotationStage::kActivating:
      return "firn org rotate-cert activate --org " + org;
    case RotationStage::kActivated:
      break;
  }
  return "firn org rotate-cert finish --org " + org;
}

std::string ByHand(const engine::RotationState& state) {
  switch (state.stage) {
    case RotationStage::kBegun:
    case RotationStage::kActivating:
      return "upload `" + state.certificate_path +
             "` to the app, beside the certificate that is there: Setup, App Manager (External "
             "Client App Manager), the app, `Use digital signatures`";
    case RotationStage::kActivated:
      return "remove the old certificate from the app, and stop what still signs in with the old "
             "key elsewhere";
    default:
      return "";
  }
}

Result<ExitCode> Tell(Context& context, Session& session, const engine::RotationState& state) {
  std::vector<Fact> facts = {{"org", "org", session.org->id},
                             {"stage", "rotation", std::string(RotationStageName(state.stage))},
                             {"certificate", "certificate", state.certificate_path},
                             {"certificate_end", "good until", state.certificate_end},
                             {"next_key", "next key", session.keys->NextName()},
                             {"by_hand", "by hand", ByHand(state)},
                             {"next", "then", NextStep(session, state.stage)}};
  std::erase_if(facts, [](const Fact& fact) {
    const auto* text = std::get_if<std::string>(&fact.value);
    return text != nullptr && text->empty();
  });
  context.out().Print("firn.org-rotation/1", facts);
  return ExitCode::kDone;
}

std::string ProbeWords(const engine::KeyProbe& probe) {
  return probe.accepted ? "taken" : "refused: " + probe.refusal->code();
}

// Looks and changes nothing: where it stands, and which keys the org takes.
Result<ExitCode> Plan(Context& context, Session& session) {
  FIRN_TRY(const engine::RotationState state, session.rotation->State());
  const Call& call = context.call();
  std::vector<Fact> facts = {{"org", "org", session.org->id},
                             {"stage", "rotation", std::string(RotationStageName(state.stage))}};
  FIRN_TRY(const Secret current, session.keys->Current(call));
  FIRN_TRY(const auto current_probe, session.rotation->Probe(call, current));
  facts.push_back({"current_key", "current key", ProbeWords(current_probe)});
  if (const auto next = session.keys->Next(call)) {
    FIRN_TRY(const auto probe, session.rotation->Probe(call, *next));
    facts.push_back({"other_key", "other key", ProbeWords(probe)});
  }
  if (!state.certificate_end.empty()) {
    facts.push_back({"certificate_end", "good until", state.certificate_end});
    if (const auto end = ParseInstant(state.certificate_end)) {
      const auto left = std::chrono::floor<std::chrono::days>(*end - call.clock->Now());
      facts.push_back({"days_left", "days left", static_cast<int64_t>(left.count())});
    }
  }
  if (const std::string by_hand = ByHand(state); !by_hand.empty()) {
    facts.push_back({"by_hand", "by hand", by_hand});
  }
  facts.push_back({"next", "next step", NextStep(session, state.stage)});
  context.out().Print("firn.org-rotation-plan/1", facts);
  return ExitCode::kDone;
}

std::string CertificatePath(Context& context, const Session& session) {
  if (context.Has("certificate")) return context.Text("certificate");
  const auto today = std::chrono::floor<std::chrono::days>(context.call().clock->Now());
  return session.project->folder + "/" + session.org->id + "-" + FormatDate(today) + ".crt";
}

Result<ExitCode> Rotate(Context& context) {
  const std::string step = context.Text("step");
  if (step.empty() != context.Flag("plan")) {
    return Fail(context.UsageError("give either a step or --plan"));
  }
  FIRN_TRY(Session session, OpenSession(context));
  if (context.Flag("plan")) return Plan(context, session);
  if (step == "begin") {
    const engine::RotationOptions options{
        .certificate_path = CertificatePath(context, session),
        .lifetime = std::chrono::hours(24 * context.Integer("days"))};
    FIRN_TRY(const auto state, session.rotation->Begin(context.call(), options));
    return Tell(context, session, state);
  }
  if (step == "activate") {
    FIRN_TRY(const auto state, session.rotation->Activate(context.call()));
    return Tell(context, session, state);
  }
  FIRN_TRY(const auto state, session.rotation->Finish(context.call()));
  context.out().Talk("the old key is gone; the rotation is done");
  return Tell(context, session, state);
}

}  // namespace

void AddOrgRotateCommand(CommandTree& tree) {
  tree.Add({.path = "org rotate-cert",
            .summary = "change the certificate of JWT sign-in without one failed call",
            .arguments = {{.name = "step",
                           .help = "begin, activate or finish, in this order",
                           .required = false,
                           .choices = {"begin", "activate", "finish"}}},
            .options = {{.name = "plan", .help = "show where it stands, try both keys"},
                        {.name = "certificate",
                         .value = "FILE",
                         .help = "begin: where to write the certificate; without: "
                                 "ORG-DATE.crt in the project folder"},
                        {.name = "days",
                         .value = "N",
                         .help = "begin: how long the certificate is good",
                         .type = ValueType::kInteger,
                         .default_value = "365",
                         .min = 1}},
            .examples = {"firn org rotate-cert --plan", "firn org rotate-cert begin --org prod",
                         "firn org rotate-cert activate", "firn org rotate-cert finish"},
            .details = "begin makes a key pair and keeps the key at `next_key`; you upload the "
                       "certificate. activate signs in with either key, then switches. You remove "
                       "the old certificate; finish makes sure and forgets the old key. Runs and "
                       "daemons go on meanwhile: they try both keys.",
            .run = Rotate});
}

}  // namespace firn::cli
