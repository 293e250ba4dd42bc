#include "sandbox/pubsub/caller.h"

namespace firn::sandbox {

std::variant<Session, RpcError> FindCaller(SessionStore& sessions, const std::string& org_id,
                                           const CallMetadata& metadata) {
  for (const auto& [name, value] : {std::pair{"accesstoken", &metadata.access_token},
                                    std::pair{"instanceurl", &metadata.instance_url},
                                    std::pair{"tenantid", &metadata.tenant_id}}) {
    if (!value->empty()) continue;
    return RpcError{RpcStatus::kUnauthenticated, "service.auth.headers.invalid",
                    "The authentication header " + std::string(name) +
                        " is invalid or blank. Provide valid authentication via metadata headers."};
  }
  const std::string tenant = metadata.tenant_id.substr(metadata.tenant_id.rfind('/') + 1);
  const bool ours = tenant == org_id || tenant == org_id.substr(0, 15);
  auto session = sessions.Find(SessionStore::TokenKind::kAccess, metadata.access_token);
  if (!ours || !session || metadata.instance_url.find("://") == std::string::npos) {
    return RpcError{RpcStatus::kUnauthenticated, "service.auth.error",
                    "An authentication exception occurred. Provide valid authentication via "
                    "metadata headers."};
  }
  return *std::move(session);
}

}  // namespace firn::sandbox
