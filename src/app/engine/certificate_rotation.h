// CertificateRotation: a new certificate for JWT sign-in without one failed call (the guide's
// failure mode 6): a new key pair beside the old one, both accepted by the org for a while, the
// switch, then the old one retired.
//
//   begin -> (an administrator uploads the certificate) -> activate -> (removes the old) -> finish
//
// Where a rotation stands is kept in shared.db; each step may be repeated after a crash and goes on
// from there. Sign-ins for looking cost no API call. One thread. Source: Salesforce Help, "OAuth
// 2.0 JWT Bearer Flow for Server-to-Server Integration", read 2026-11.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "app/engine/key_place.h"
#include "core/base/call.h"
#include "core/net/client.h"
#include "core/state/shared_state.h"

namespace firn::engine {

enum class RotationStage { kNone, kBeginning, kBegun, kActivating, kActivated };
[[nodiscard]] std::string_view RotationStageName(RotationStage stage);

struct RotationState {
  RotationStage stage = RotationStage::kNone;
  std::string token;             // of this rotation
  std::string certificate_path;  // what is to be uploaded
  std::string old_thumbprint;    // of the keys, RFC 7638
  std::string new_thumbprint;
  std::string begun;  // ISO 8601
  std::string certificate_end;
};

struct RotationOptions {
  std::string certificate_path;  // where to put the certificate
  std::chrono::hours lifetime{24 * 365};
};

// Whether the org signs the integration user in with a key; the refusal when it does not.
struct KeyProbe {
  bool accepted = false;
  std::optional<Error> refusal;
};

struct RotationParts {
  const project::Project* project = nullptr;
  const project::Org* org = nullptr;
  net::Transport* transport = nullptr;
  state::SharedState* shared = nullptr;
  KeyPlace* keys = nullptr;
};

class CertificateRotation {
 public:
  // The parts outlive it.
  explicit CertificateRotation(const RotationParts& parts) : parts_(parts) {}

  // Where it stands. The last rotation's certificate end stays known after its end.
  [[nodiscard]] Result<RotationState> State();
  // Makes the key pair and the certificate. Errors: Conflict ENGINE-ROTATE-003 when one is under
  // way, -006 when there is a next key that no rotation made; Denied when the org refuses the
  // present key: a rotation must begin from one that works.
  [[nodiscard]] Result<RotationState> Begin(const Call& call, const RotationOptions& options);
  // Signs in with either key, then switches. Errors: BadInput -003 for the wrong step; Denied -004
  // when the org does not take the new key yet.
  [[nodiscard]] Result<RotationState> Activate(const Call& call);
  // Forgets the old key. Errors: BadInput -003; Conflict -005 while the org still takes the old
  // key; Denied -004 when it does not take the new one.
  [[nodiscard]] Result<RotationState> Finish(const Call& call);
  // Errors: those that say nothing about the key: Unreachable, Throttled.
  [[nodiscard]] Result<KeyProbe> Probe(const Call& call, const Secret& pem);

 private:
  Result<void> Save(const RotationState& state);
  Result<void> Demand(const Call& call, const Secret& pem, std::string_view which);

  RotationParts parts_;
};

}  // namespace firn::engine
