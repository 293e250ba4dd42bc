#include "ends/aws/kms.h"

#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "ends/aws/internal/json_api.h"

namespace firn::aws {
namespace {

using nlohmann::json;

constexpr Service kKms{"KMS", "kms", "kms"};

json BodyOf(const std::string& key, const EncryptionContext& context) {
  json body = json::object();
  if (!key.empty()) body["KeyId"] = key;
  if (!context.empty()) body["EncryptionContext"] = context;
  return body;
}

Result<std::string> BytesOf(const json& answer, const char* member) {
  return FromBase64(answer.at(member).get<std::string>());
}

// Empty where the member is missing or null.
std::string TextOf(const json& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

Result<KmsKey> DescribeKey(const Call& call, AwsClient& client, const std::string& key) {
  FIRN_TRY(const json answer,
           AskJson(call, client, kKms, "TrentService.DescribeKey", BodyOf(key, {})));
  return Reading(kKms, [&]() -> Result<KmsKey> {
    const json& metadata = answer.at("KeyMetadata");
    return KmsKey{.key_id = metadata.at("KeyId"),
                  .arn = TextOf(metadata, "Arn"),
                  .state = TextOf(metadata, "KeyState"),
                  .usage = TextOf(metadata, "KeyUsage"),
                  .manager = TextOf(metadata, "KeyManager")};
  });
}

Result<std::string> KmsEncrypt(const Call& call, AwsClient& client, const std::string& key,
                               const Secret& plain, const EncryptionContext& context) {
  if (plain.Reveal().size() > kKmsPlainBytesMax) {
    return Fail(Error(Kind::kBadInput, "AWS-CALL-001", "AWS refused the call")
                    .At("kms")
                    .Because("a key encrypts 4,096 bytes at most")
                    .Hint("encrypt with a data key, and the data key with this one"));
  }
  json body = BodyOf(key, context);
  body["Plaintext"] = Base64(plain.Reveal());
  FIRN_TRY(const json answer, AskJson(call, client, kKms, "TrentService.Encrypt", body));
  return Reading(kKms, [&] { return BytesOf(answer, "CiphertextBlob"); });
}

Result<Secret> KmsDecrypt(const Call& call, AwsClient& client, const std::string& ciphertext,
                          const EncryptionContext& context) {
  json body = BodyOf("", context);
  body["CiphertextBlob"] = Base64(ciphertext);
  FIRN_TRY(const json answer, AskJson(call, client, kKms, "TrentService.Decrypt", body));
  return Reading(kKms, [&]() -> Result<Secret> {
    FIRN_TRY(std::string plain, BytesOf(answer, "Plaintext"));
    return Secret(std::move(plain));
  });
}

Result<DataKey> GenerateDataKey(const Call& call, AwsClient& client, const std::string& key,
                                const EncryptionContext& context) {
  json body = BodyOf(key, context);
  body["KeySpec"] = "AES_256";
  FIRN_TRY(const json answer, AskJson(call, client, kKms, "TrentService.GenerateDataKey", body));
  return Reading(kKms, [&]() -> Result<DataKey> {
    DataKey made;
    FIRN_TRY(made.ciphertext, BytesOf(answer, "CiphertextBlob"));
    FIRN_TRY(std::string plain, BytesOf(answer, "Plaintext"));
    made.plain = Secret(std::move(plain));
    return made;
  });
}

}  // namespace firn::aws
