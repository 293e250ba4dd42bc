// Who calls: the metadata of a call, held against the org's sessions.
// Source: Pub/Sub API guide, 'Supported Authentication', 'Headers for RPC Method Calls', read
// 2026-11.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "sandbox/pubsub/rpc_error.h"
#include "sandbox/sign_in/sessions.h"

namespace firn::sandbox {

struct CallMetadata {
  std::string access_token;
  std::string instance_url;
  std::string tenant_id;
};

// The tenant is the org's id in 15 or 18 characters, also behind `core/prod/`.
[[nodiscard]] std::variant<Session, RpcError> FindCaller(SessionStore& sessions,
                                                         const std::string& org_id,
                                                         const CallMetadata& metadata);

}  // namespace firn::sandbox
