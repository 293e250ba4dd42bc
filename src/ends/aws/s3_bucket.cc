#include "ends/aws/s3_bucket.h"

#include <pugixml.hpp>

namespace firn::aws {
namespace {

constexpr Service kS3{"S3", "s3", "s3"};
constexpr std::string_view kNotConfigured = "ServerSideEncryptionConfigurationNotFoundError";

Result<net::Response> Ask(const Call& call, AwsClient& client, std::string_view method,
                          const std::string& path) {
  RestCall rest;
  rest.method = method;
  rest.path = path;
  return client.CallRest(call, kS3, std::move(rest));
}

Result<pugi::xml_document> Parsed(const std::string& body) {
  pugi::xml_document document;
  if (!document.load_buffer(body.data(), body.size())) {
    return Fail(Error(Kind::kCorrupt, "AWS-CALL-004", "AWS's answer cannot be read").At("s3"));
  }
  return document;
}

}  // namespace

Result<std::string> HeadBucket(const Call& call, AwsClient& client, const std::string& bucket) {
  FIRN_TRY(const net::Response response, Ask(call, client, "HEAD", "/" + bucket));
  return response.headers.GetOr("x-amz-bucket-region", "");
}

Result<std::string> GetBucketLocation(const Call& call, AwsClient& client,
                                      const std::string& bucket) {
  FIRN_TRY(const net::Response response, Ask(call, client, "GET", "/" + bucket + "?location"));
  FIRN_TRY(const pugi::xml_document document, Parsed(response.body));
  const std::string region = document.document_element().text().as_string();
  // An empty constraint is the first region, and `EU` an old name.
  if (region.empty()) return std::string("us-east-1");
  return region == "EU" ? std::string("eu-west-1") : region;
}

Result<BucketEncryption> GetBucketEncryption(const Call& call, AwsClient& client,
                                             const std::string& bucket) {
  auto response = Ask(call, client, "GET", "/" + bucket + "?encryption");
  if (!response && response.error().remote().api_code == kNotConfigured) {
    return BucketEncryption();
  }
  if (!response) return Fail(std::move(response).error());
  FIRN_TRY(const pugi::xml_document document, Parsed(response->body));
  const pugi::xml_node rule = document.document_element().child("Rule");
  const pugi::xml_node chosen = rule.child("ApplyServerSideEncryptionByDefault");
  return BucketEncryption{
      .algorithm = chosen.child_value("SSEAlgorithm"),
      .kms_key = chosen.child_value("KMSMasterKeyID"),
      .bucket_key = std::string_view(rule.child_value("BucketKeyEnabled")) == "true"};
}

}  // namespace firn::aws
