#include "ends/aws/secrets_manager.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/encoding.h"

namespace firn::aws {
namespace {

using nlohmann::json;

constexpr Service kSecretsManager{"SECRETS_MANAGER", "secretsmanager", "secretsmanager"};

Result<json> Ask(const Call& call, AwsClient& client, std::string_view action, const json& body) {
  FIRN_TRY(const std::string text,
           client.CallJson(call, kSecretsManager, fmt::format("secretsmanager.{}", action),
                           body.dump()));
  json answer = json::parse(text, nullptr, false);
  if (!answer.is_object()) {
    return Fail(
        Error(Kind::kCorrupt, "AWS-CALL-004", "AWS's answer cannot be read").At("secretsmanager"));
  }
  return answer;
}

// `name#key@stage` taken apart.
struct Reference {
  std::string name;
  std::string key;
  std::string stage = std::string(kCurrentStage);
};
Reference ReadReference(std::string text) {
  Reference reference;
  if (const size_t at = text.rfind('@'); at != std::string::npos) {
    reference.stage = text.substr(at + 1);
    text.resize(at);
  }
  if (const size_t hash = text.rfind('#'); hash != std::string::npos) {
    reference.key = text.substr(hash + 1);
    text.resize(hash);
  }
  reference.name = std::move(text);
  return reference;
}

class Resolver final : public config::SecretResolver {
 public:
  Resolver(std::shared_ptr<AwsClient> client, std::unique_ptr<config::SecretResolver> others)
      : client_(std::move(client)), others_(std::move(others)) {}

  Result<Secret> Resolve(const Call& call, const config::SecretRef& ref) override {
    if (ref.source != config::SecretRef::Source::kAwsSecret) return others_->Resolve(call, ref);
    const Reference reference = ReadReference(ref.name);
    auto version = GetSecretValue(call, *client_, reference.name, reference.stage);
    if (!version) {
      return Fail(std::move(version).error().Doing(fmt::format("resolving `{}`", ref.Text())));
    }
    if (reference.key.empty()) return WithoutLineBreak(version->value);
    const json members = json::parse(version->value.Reveal(), nullptr, false);
    if (!members.is_object() || !members.contains(reference.key) ||
        !members[reference.key].is_string()) {
      return Fail(Error(Kind::kNotFound, "CONFIG-SECRET-001", "the secret has no such member")
                      .At(ref.where)
                      .Because(fmt::format("`{}` is no JSON object with a text `{}`",
                                           reference.name, reference.key)));
    }
    return WithoutLineBreak(Secret(members[reference.key].get<std::string>()));
  }

 private:
  static Secret WithoutLineBreak(const Secret& secret) {
    std::string text = secret.Reveal();
    if (text.ends_with('\n')) text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
    return Secret(std::move(text));
  }

  std::shared_ptr<AwsClient> client_;
  std::unique_ptr<config::SecretResolver> others_;
};

}  // namespace

Result<SecretVersion> GetSecretValue(const Call& call, AwsClient& client, const std::string& name,
                                     std::string_view stage) {
  FIRN_TRY(const json answer,
           Ask(call, client, "GetSecretValue", {{"SecretId", name}, {"VersionStage", stage}}));
  SecretVersion version;
  version.version_id = answer.value("VersionId", "");
  if (answer.contains("SecretString")) {
    version.value = Secret(answer["SecretString"].get<std::string>());
  } else {
    FIRN_TRY(std::string bytes, FromBase64(answer.value("SecretBinary", "")));
    version.value = Secret(std::move(bytes));
  }
  return version;
}

Result<std::string> PutSecretValue(const Call& call, AwsClient& client, const std::string& name,
                                   const Secret& value, std::string_view stage,
                                   const std::string& token) {
  FIRN_TRY(const json answer, Ask(call, client, "PutSecretValue",
                                  {{"SecretId", name},
                                   {"SecretString", value.Reveal()},
                                   {"ClientRequestToken", token},
                                   {"VersionStages", {stage}}}));
  return answer.value("VersionId", "");
}

Result<void> MoveStage(const Call& call, AwsClient& client, const std::string& name,
                       std::string_view stage, const StageMove& move) {
  json body = {{"SecretId", name}, {"VersionStage", stage}};
  if (!move.to_version.empty()) body["MoveToVersionId"] = move.to_version;
  if (!move.from_version.empty()) body["RemoveFromVersionId"] = move.from_version;
  FIRN_CHECK(Ask(call, client, "UpdateSecretVersionStage", body));
  return {};
}

std::unique_ptr<config::SecretResolver> SecretsManagerSecrets(
    std::shared_ptr<AwsClient> client, std::unique_ptr<config::SecretResolver> others) {
  return std::make_unique<Resolver>(std::move(client), std::move(others));
}

}  // namespace firn::aws
