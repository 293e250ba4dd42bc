// KeyPlace: where a sign-in key and the one that follows it are kept, as firn.yaml names them, and
// how the second takes the place of the first without a moment in which neither is there.
//
// Files: `key` and `next_key` are two files of mode 0600; each is replaced whole. AWS Secrets
// Manager: `key` is a secret and `next_key` the same secret at AWSPENDING; the switch moves the
// stage AWSCURRENT, in one call. Each step may be repeated after a crash. One thread.
// Source: AWS Secrets Manager User Guide, "Secret versions" (staging labels), read 2026-11.
#pragma once

#include <memory>
#include <string>

#include "core/base/call.h"
#include "core/base/error.h"
#include "core/base/secret.h"
#include "core/project/project.h"

namespace firn::engine {

class KeyPlace {
 public:
  virtual ~KeyPlace() = default;
  // Errors: of the secret's source; NotFound when there is none.
  [[nodiscard]] virtual Result<Secret> Current(const Call& call) = 0;
  [[nodiscard]] virtual Result<Secret> Next(const Call& call) = 0;
  // Replaces the next key. `token`: the same for a repeated call.
  [[nodiscard]] virtual Result<void> PutNext(const Call& call, const Secret& pem,
                                             const std::string& token) = 0;
  // The next key becomes the current one; the old one stays within reach until Retire. `old_pem`
  // and `new_pem` are what was current and next when the switch began.
  [[nodiscard]] virtual Result<void> Switch(const Call& call, const Secret& old_pem,
                                            const Secret& new_pem) = 0;
  // The old key, once Switch has begun.
  [[nodiscard]] virtual Result<Secret> Old(const Call& call) = 0;
  // Forgets the old key.
  [[nodiscard]] virtual Result<void> Retire(const Call& call) = 0;
  // `keys/prod-next.pem`, `secret prod/firn at AWSPENDING`: for people.
  [[nodiscard]] virtual std::string NextName() const = 0;
};

// Errors: BadConfig ENGINE-ROTATE-001 when the org does not sign in by JWT, -002 when `next_key`
// is missing, of another source than `key`, or cannot be written (a variable).
[[nodiscard]] Result<std::unique_ptr<KeyPlace>> KeyPlaceOf(const project::Project& project,
                                                           const project::Org& org);

}  // namespace firn::engine
