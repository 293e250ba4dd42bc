// Amazon S3, a bucket as a whole: whether it is there and ours, where it lies, how it encrypts.
// Objects go through lake's store.
//
// Any thread may call. Path-style addresses. Source: Amazon S3 API Reference (2006-03-01),
// "HeadBucket", "GetBucketLocation", "GetBucketEncryption", read 2026-11.
#pragma once

#include <string>

#include "ends/aws/client.h"

namespace firn::aws {

// The bucket's region, `eu-central-1`; empty when the service does not tell. Errors: NotFound
// (AWS-CALL-005), Denied (AWS-CALL-002).
[[nodiscard]] Result<std::string> HeadBucket(const Call& call, AwsClient& client,
                                             const std::string& bucket);
// Likewise, by the older call, which needs a permission of its own.
[[nodiscard]] Result<std::string> GetBucketLocation(const Call& call, AwsClient& client,
                                                    const std::string& bucket);

struct BucketEncryption {
  std::string algorithm;  // `AES256`, `aws:kms`, `aws:kms:dsse`; empty: none is configured
  std::string kms_key;    // id or ARN; empty: the account's own key of S3
  bool bucket_key = false;
};
[[nodiscard]] Result<BucketEncryption> GetBucketEncryption(const Call& call, AwsClient& client,
                                                           const std::string& bucket);

}  // namespace firn::aws
