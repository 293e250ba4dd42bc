// AWS Key Management Service: what a key is, and bytes in and out of it.
//
// Any thread may call. Plain bytes are Secret; encryption contexts are no secrets and appear in
// CloudTrail. Source: AWS KMS API Reference (2014-11-01), "DescribeKey", "Encrypt" (4,096 bytes at
// most), "Decrypt", "GenerateDataKey", read 2026-11.
#pragma once

#include <map>
#include <string>

#include "core/base/secret.h"
#include "ends/aws/client.h"

namespace firn::aws {

inline constexpr size_t kKmsPlainBytesMax = 4096;

struct KmsKey {
  std::string key_id;
  std::string arn;
  std::string state;    // `Enabled`, `Disabled`, `PendingDeletion`, ..
  std::string usage;    // `ENCRYPT_DECRYPT`, `SIGN_VERIFY`, ..
  std::string manager;  // `AWS` or `CUSTOMER`
};
// `key`: id, ARN or `alias/..`. Errors: NotFound (AWS-CALL-005).
[[nodiscard]] Result<KmsKey> DescribeKey(const Call& call, AwsClient& client,
                                         const std::string& key);

// Authenticated with the ciphertext: Decrypt must be given the same.
using EncryptionContext = std::map<std::string, std::string>;

// The ciphertext, bytes. Errors: BadInput for more than kKmsPlainBytesMax bytes.
[[nodiscard]] Result<std::string> KmsEncrypt(const Call& call, AwsClient& client,
                                             const std::string& key, const Secret& plain,
                                             const EncryptionContext& context);
// Of symmetric keys: the ciphertext names its key. Errors: BadInput (AWS-CALL-001) for another
// context or damaged bytes.
[[nodiscard]] Result<Secret> KmsDecrypt(const Call& call, AwsClient& client,
                                        const std::string& ciphertext,
                                        const EncryptionContext& context);

struct DataKey {
  Secret plain;            // 32 bytes, AES-256
  std::string ciphertext;  // bytes; what is stored beside the data
};
[[nodiscard]] Result<DataKey> GenerateDataKey(const Call& call, AwsClient& client,
                                              const std::string& key,
                                              const EncryptionContext& context);

}  // namespace firn::aws
