// References to secrets, and the one interface that turns them into a Secret.
//
// A configuration never holds a secret, only `${env:NAME}`, `${file:path}` or `${aws-secret:id}`;
// a reference may be printed. Resolvers may be called from any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/call.h"
#include "core/base/error.h"
#include "core/base/secret.h"

namespace firn::config {

struct SecretRef {
  enum class Source { kNone, kEnvironment, kFile, kAwsSecret };
  Source source = Source::kNone;
  std::string name;   // variable, path or secret id
  std::string where;  // file:line:col of the reference

  [[nodiscard]] bool empty() const { return source == Source::kNone; }
  bool operator==(const SecretRef& other) const {
    return source == other.source && name == other.name;
  }
  [[nodiscard]] std::string Text() const;  // `${file:keys/prod.pem}`
};

// Errors: BadConfig (CONFIG-VALUE-003) when the text is anything but one reference. The text itself
// is never repeated in the error: it may be the secret.
[[nodiscard]] Result<SecretRef> ParseSecretRef(std::string_view text, std::string where);

class SecretResolver {
 public:
  virtual ~SecretResolver() = default;
  // The secret, one trailing line break cut off. Errors: NotFound (CONFIG-SECRET-001) naming the
  // reference, Denied (-002) when it cannot be read, Unsupported (-003) for a source that this
  // resolver does not know.
  [[nodiscard]] virtual Result<Secret> Resolve(const Call& call, const SecretRef& ref) = 0;
};

// Resolves ${env:..} and ${file:..}; relative paths start at `folder`.
[[nodiscard]] std::unique_ptr<SecretResolver> LocalSecrets(std::string folder);

}  // namespace firn::config
