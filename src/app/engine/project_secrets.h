// The secrets that a project refers to: files and variables, and AWS Secrets Manager by the
// credentials of whoever runs Firn. AWS is asked only when a reference needs it. Any thread.
#pragma once

#include <memory>
#include <string>

#include "core/config/secret_ref.h"

namespace firn::engine {

// Relative paths start at `folder`. Errors of Resolve: of config::SecretResolver and of room aws.
[[nodiscard]] std::unique_ptr<config::SecretResolver> ProjectSecrets(std::string folder);

}  // namespace firn::engine
