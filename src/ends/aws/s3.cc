#include "ends/aws/s3.h"

#include "ends/aws/internal/uri.h"

namespace firn::aws {
namespace {

constexpr Service kS3{"S3", "s3", "s3"};

}  // namespace

Result<void> PutObject(const Call& call, AwsClient& client, const NewObject& object) {
  RestCall rest;
  rest.method = "PUT";
  rest.path = "/" + object.bucket + "/" + UriEncode(object.key, "/");
  rest.headers.Set("Content-Type", object.content_type);
  rest.body = object.body;
  FIRN_CHECK(client.CallRest(call, kS3, std::move(rest)));
  return {};
}

}  // namespace firn::aws
