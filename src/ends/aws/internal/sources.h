// The single sources of the chain, each fetching once, without keeping. See ../credentials.h.
#pragma once

#include <string>
#include <string_view>

#include "core/base/call.h"
#include "core/net/client.h"
#include "ends/aws/environment.h"
#include "ends/aws/profile_file.h"
#include "ends/aws/sigv4.h"

namespace firn::aws {

// What the sources that ask somebody need.
struct SourceParts {
  net::Transport& transport;
  const Environment& environment;
};

// An error of the chain: which source, and what it said.
[[nodiscard]] Error SourceFailed(std::string_view source, std::string why);

// `{"AccessKeyId":..,"SecretAccessKey":..,"Token"|"SessionToken":..,"Expiration":..}`, the shape
// that containers, instances and processes share.
[[nodiscard]] Result<Credentials> ReadCredentialsJson(std::string_view json, std::string source);

struct AssumeRole {
  std::string role_arn;
  std::string session_name;
  std::string external_id;
  std::string duration_seconds;
  std::string region;
  std::string web_identity_token;  // instead of credentials
};
// STS AssumeRole, or AssumeRoleWithWebIdentity when there is a token; `source` signs the former.
[[nodiscard]] Result<Credentials> CallAssumeRole(const Call& call, const SourceParts& parts,
                                                 const AssumeRole& role, const Credentials* source);
[[nodiscard]] Result<Credentials> FromSso(const Call& call, const SourceParts& parts,
                                          const Profiles& profiles, const Settings& profile);
// Runs the command (words, quotes, no shell) and reads its answer.
[[nodiscard]] Result<Credentials> FromProcess(const Call& call, const std::string& command);
[[nodiscard]] Result<Credentials> FromContainer(const Call& call, const SourceParts& parts);
[[nodiscard]] Result<Credentials> FromInstance(const Call& call, const SourceParts& parts);

}  // namespace firn::aws
