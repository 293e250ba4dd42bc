#include "app/engine/certificate_rotation.h"

#include <nlohmann/json.hpp>

#include "core/base/fault_point.h"
#include "core/base/file.h"
#include "core/base/time_text.h"
#include "core/identity/keys.h"
#include "core/net/tls.h"
#include "ends/salesforce/auth.h"

namespace firn::engine {
namespace {

using nlohmann::json;

constexpr RotationStage kStages[] = {RotationStage::kNone, RotationStage::kBeginning,
                                     RotationStage::kBegun, RotationStage::kActivating,
                                     RotationStage::kActivated};

Result<std::string> ThumbprintOf(const Secret& pem) {
  FIRN_TRY(const identity::PrivateKey key, identity::PrivateKeyFromPem(pem));
  return key.Public().Thumbprint();
}

tl::unexpected<Error> WrongStep(const RotationState& state, std::string_view step,
                                std::string hint) {
  return Fail(Error(state.stage == RotationStage::kNone ? Kind::kBadInput : Kind::kConflict,
                    "ENGINE-ROTATE-003",
                    "`" + std::string(step) + "` is not the next step of this rotation")
                  .Because("it is " + std::string(RotationStageName(state.stage)))
                  .Hint(std::move(hint)));
}

std::string Command(const project::Org& org, std::string_view step) {
  return "firn org rotate-cert " + std::string(step) + " --org " + org.id;
}

}  // namespace

std::string_view RotationStageName(RotationStage stage) {
  switch (stage) {
    case RotationStage::kBeginning:
      return "beginning";
    case RotationStage::kBegun:
      return "begun";
    case RotationStage::kActivating:
      return "activating";
    case RotationStage::kActivated:
      return "activated";
    case RotationStage::kNone:
      break;
  }
  return "not begun";
}

Result<RotationState> CertificateRotation::State() {
  RotationState state;
  FIRN_TRY(const auto kept, parts_.shared->Get({parts_.org->id, "rotation", "certificate"}));
  if (!kept) return state;
  const json row = json::parse(kept->value, nullptr, false);
  if (!row.is_object()) return state;
  for (const RotationStage stage : kStages) {
    if (row.value("stage", "") == RotationStageName(stage)) state.stage = stage;
  }
  state.token = row.value("token", "");
  state.certificate_path = row.value("certificate_path", "");
  state.old_thumbprint = row.value("old", "");
  state.new_thumbprint = row.value("new", "");
  state.begun = row.value("begun", "");
  state.certificate_end = row.value("certificate_end", "");
  return state;
}

Result<void> CertificateRotation::Save(const RotationState& state) {
  const json row = {{"stage", RotationStageName(state.stage)},
                    {"token", state.token},
                    {"certificate_path", state.certificate_path},
                    {"old", state.old_thumbprint},
                    {"new", state.new_thumbprint},
                    {"begun", state.begun},
                    {"certificate_end", state.certificate_end}};
  return parts_.shared->Put({parts_.org->id, "rotation", "certificate"}, row.dump());
}

Result<KeyProbe> CertificateRotation::Probe(const Call& call, const Secret& pem) {
  const project::Org& org = *parts_.org;
  salesforce::SignIn sign_in;
  sign_in.login_url = org.login_url;
  sign_in.client_id = org.auth.client_id;
  sign_in.username = org.auth.username;
  sign_in.audience = org.auth.audience;
  sign_in.current_key_pem = pem;
  FIRN_TRY(const auto source,
           salesforce::NewTokenSource(org.id, sign_in, *parts_.transport, nullptr));
  auto session = source->Get(call);
  if (session) return KeyProbe{.accepted = true, .refusal = std::nullopt};
  if (session.error().kind() != Kind::kDenied) return Fail(std::move(session).error());
  return KeyProbe{.accepted = false, .refusal = session.error()};
}

Result<void> CertificateRotation::Demand(const Call& call, const Secret& pem,
                                         std::string_view which) {
  FIRN_TRY(const KeyProbe probe, Probe(call, pem));
  if (probe.accepted) return {};
  return Fail(Error(Kind::kDenied, "ENGINE-ROTATE-004",
                    "the org does not take the " + std::string(which) + " key")
                  .At("org `" + parts_.org->id + "`")
                  .Because(probe.refusal->OneLine())
                  .Hint("upload its certificate to the app first; it takes up to ten minutes "
                        "until all of Salesforce knows it"));
}

Result<RotationState> CertificateRotation::Begin(const Call& call, const RotationOptions& options) {
  FIRN_TRY(RotationState state, State());
  if (state.stage != RotationStage::kNone && state.stage != RotationStage::kBeginning) {
    return WrongStep(state, "begin", "`firn org rotate-cert --plan` shows what is to be done");
  }
  FIRN_TRY(const Secret current, parts_.keys->Current(call));
  FIRN_CHECK(Demand(call, current, "present"));
  if (state.stage == RotationStage::kNone && parts_.keys->Next(call)) {
    return Fail(Error(Kind::kConflict, "ENGINE-ROTATE-006",
                      "there is a next key already, made by no rotation of Firn")
                    .At(parts_.keys->NextName())
                    .Hint("remove it if nothing uses it, then begin again"));
  }
  const UtcMicros now = call.clock->Now();
  state = {.stage = RotationStage::kBeginning,
           .token = NewUuid(*call.random),
           .certificate_path = options.certificate_path,
           .old_thumbprint = {},
           .new_thumbprint = {},
           .begun = FormatUtc(now, 0),
           .certificate_end = FormatUtc(now + options.lifetime, 0)};
  FIRN_TRY(state.old_thumbprint, ThumbprintOf(current));
  FIRN_TRY(const net::Certificate made,
           net::MintSelfSigned({.common_name = "firn " + parts_.org->id,
                                .names = {},
                                .key = net::KeyKind::kRsa2048,
                                .not_before = now - std::chrono::hours(1),
                                .lifetime = options.lifetime}));
  const Secret pem(made.key_pem);
  FIRN_TRY(state.new_thumbprint, ThumbprintOf(pem));
  FIRN_CHECK(Save(state));
  FIRN_CHECK(WriteFileDurably(options.certificate_path, made.certificate_pem));
  FIRN_CHECK(parts_.keys->PutNext(call, pem, state.token));
  FIRN_FAULT_POINT("engine.rotate.key_made");
  state.stage = RotationStage::kBegun;
  FIRN_CHECK(Save(state));
  return state;
}

Result<RotationState> CertificateRotation::Activate(const Call& call) {
  FIRN_TRY(RotationState state, State());
  if (state.stage != RotationStage::kBegun && state.stage != RotationStage::kActivating) {
    return WrongStep(
        state, "activate",
        "`" + Command(*parts_.org, state.stage == RotationStage::kActivated ? "finish" : "begin") +
            "` is");
  }
  FIRN_TRY(const Secret current, parts_.keys->Current(call));
  FIRN_TRY(const std::string thumbprint, ThumbprintOf(current));
  // After a crash the current key may be the new one already, and the old one lie aside.
  const bool half_done = thumbprint == state.new_thumbprint;
  FIRN_TRY(const Secret next, half_done ? Result<Secret>(current) : parts_.keys->Next(call));
  FIRN_TRY(const Secret old, half_done ? parts_.keys->Old(call) : Result<Secret>(current));
  FIRN_CHECK(Demand(call, next, "new"));
  state.stage = RotationStage::kActivating;
  FIRN_CHECK(Save(state));
  FIRN_CHECK(parts_.keys->Switch(call, old, next));
  state.stage = RotationStage::kActivated;
  FIRN_CHECK(Save(state));
  return state;
}

Result<RotationState> CertificateRotation::Finish(const Call& call) {
  FIRN_TRY(RotationState state, State());
  if (state.stage != RotationStage::kActivated) {
    return WrongStep(
        state, "finish",
        "`" + Command(*parts_.org, state.stage == RotationStage::kNone ? "begin" : "activate") +
            "` is");
  }
  FIRN_TRY(const Secret current, parts_.keys->Current(call));
  FIRN_CHECK(Demand(call, current, "new"));
  if (const auto old = parts_.keys->Old(call)) {
    FIRN_TRY(const KeyProbe probe, Probe(call, *old));
    if (probe.accepted) {
      return Fail(Error(Kind::kConflict, "ENGINE-ROTATE-005", "the org still takes the old key")
                      .At("org `" + parts_.org->id + "`")
                      .Because("its certificate is still with the app")
                      .Hint("remove the old certificate from the app, then `" +
                            Command(*parts_.org, "finish") + "` again"));
    }
  }
  FIRN_CHECK(parts_.keys->Retire(call));
  const RotationState done{.stage = RotationStage::kNone,
                           .token = {},
                           .certificate_path = state.certificate_path,
                           .old_thumbprint = {},
                           .new_thumbprint = state.new_thumbprint,
                           .begun = state.begun,
                           .certificate_end = state.certificate_end};
  FIRN_CHECK(Save(done));
  return done;
}

}  // namespace firn::engine
