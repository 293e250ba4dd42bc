// AWS Secrets Manager: secrets by name and stage, and the resolver of `${aws-secret:..}`.
//
// A reference is `NAME`, `NAME#json-key` for one member of a JSON secret, and either with `@STAGE`
// (`prod/firn#key@AWSPENDING`); without a stage it is AWSCURRENT. Any thread. Source: Secrets
// Manager API Reference, "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage", read
// 2026-11.
#pragma once

#include <memory>

#include "core/config/secret_ref.h"
#include "ends/aws/client.h"

namespace firn::aws {

inline constexpr std::string_view kCurrentStage = "AWSCURRENT";
inline constexpr std::string_view kPendingStage = "AWSPENDING";

struct SecretVersion {
  Secret value;  // SecretString, or SecretBinary decoded
  std::string version_id;
};

// Errors: NotFound (AWS-CALL-005) when there is no secret, or none at that stage.
[[nodiscard]] Result<SecretVersion> GetSecretValue(const Call& call, AwsClient& client,
                                                   const std::string& name,
                                                   std::string_view stage = kCurrentStage);
// Adds a version that holds `stage`; returns its id. `token` makes a repeated call harmless.
[[nodiscard]] Result<std::string> PutSecretValue(const Call& call, AwsClient& client,
                                                 const std::string& name, const Secret& value,
                                                 std::string_view stage, const std::string& token);

struct StageMove {
  std::string to_version;
  std::string from_version;  // empty: the stage is nowhere yet
};
[[nodiscard]] Result<void> MoveStage(const Call& call, AwsClient& client, const std::string& name,
                                     std::string_view stage, const StageMove& move);

// Resolves `${aws-secret:..}` by `client` and hands everything else to `others`.
[[nodiscard]] std::unique_ptr<config::SecretResolver> SecretsManagerSecrets(
    std::shared_ptr<AwsClient> client, std::unique_ptr<config::SecretResolver> others);

}  // namespace firn::aws
