// Amazon S3: one object put. REST protocol, path-style addresses.
//
// Any thread may call. Source: Amazon S3 API Reference (2006-03-01), "PutObject", read 2026-11.
#pragma once

#include <string>

#include "ends/aws/client.h"

namespace firn::aws {

struct NewObject {
  std::string bucket;
  std::string key;
  std::string content_type;
  std::string body;
};
// An object of that key is replaced. Errors: of AwsClient.
[[nodiscard]] Result<void> PutObject(const Call& call, AwsClient& client, const NewObject& object);

}  // namespace firn::aws
