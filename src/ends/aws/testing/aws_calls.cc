// Carries out calls that tests/interop/test_aws_services.py makes up, one JSON object a line, with
// the credentials and endpoint of its environment, and prints what came of each.
#include <iostream>
#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "ends/aws/cloudwatch.h"
#include "ends/aws/glue.h"
#include "ends/aws/kms.h"
#include "ends/aws/s3_bucket.h"
#include "ends/aws/s3_tables.h"

namespace {

using firn::Call;
using firn::Result;
using firn::Secret;
using nlohmann::json;
namespace aws = firn::aws;

Result<json> Kms(aws::AwsClient& client, const json& ask) {
  const std::string op = ask["op"];
  const std::string key = ask.value("key", "");
  const auto context = ask.value("context", aws::EncryptionContext());
  if (op == "kms.describe") {
    FIRN_TRY(const aws::KmsKey found, aws::DescribeKey({}, client, key));
    return json{{"arn", found.arn}, {"state", found.state}, {"usage", found.usage}};
  }
  if (op == "kms.encrypt") {
    FIRN_TRY(const std::string bytes,
             aws::KmsEncrypt({}, client, key, Secret(ask["plain"].get<std::string>()), context));
    return json{{"ciphertext", firn::Base64(bytes)}};
  }
  if (op == "kms.decrypt") {
    FIRN_TRY(const std::string bytes, firn::FromBase64(ask["ciphertext"].get<std::string>()));
    FIRN_TRY(const Secret plain, aws::KmsDecrypt({}, client, bytes, context));
    return json{{"plain", plain.Reveal()}};
  }
  FIRN_TRY(const aws::DataKey made, aws::GenerateDataKey({}, client, key, context));
  FIRN_TRY(const Secret again, aws::KmsDecrypt({}, client, made.ciphertext, context));
  return json{{"bytes", made.plain.Reveal().size()},
              {"decrypts", again.Reveal() == made.plain.Reveal()}};
}

Result<json> Bucket(aws::AwsClient& client, const json& ask) {
  const std::string bucket = ask["bucket"];
  if (ask["op"] == "s3.head") {
    FIRN_TRY(const std::string region, aws::HeadBucket({}, client, bucket));
    return json{{"region", region}};
  }
  if (ask["op"] == "s3.location") {
    FIRN_TRY(const std::string region, aws::GetBucketLocation({}, client, bucket));
    return json{{"region", region}};
  }
  FIRN_TRY(const aws::BucketEncryption found, aws::GetBucketEncryption({}, client, bucket));
  return json{{"algorithm", found.algorithm}, {"key", found.kms_key}};
}

aws::GlueTable GlueTableOf(const json& ask) {
  return {.database = ask["database"],
          .name = ask["name"],
          .location = ask.value("location", ""),
          .metadata_location = ask.value("metadata", ""),
          .columns = {{"id", "string", "the key"}, {"amount", "decimal(18,2)", ""}},
          .version_id = ask.value("version", "")};
}

Result<json> Glue(aws::AwsClient& client, const json& ask) {
  const std::string op = ask["op"];
  const aws::GlueTable table = GlueTableOf(ask);
  if (op == "glue.create") {
    FIRN_CHECK(aws::EnsureGlueDatabase({}, client, table.database));
    FIRN_CHECK(aws::CreateGlueTable({}, client, table));
    return json::object();
  }
  if (op == "glue.delete") {
    FIRN_CHECK(aws::DeleteGlueTable({}, client, table.database, table.name));
    return json::object();
  }
  FIRN_TRY(const aws::GlueTable found, aws::GetGlueTable({}, client, table.database, table.name));
  if (op == "glue.update") FIRN_CHECK(aws::UpdateGlueTable({}, client, table, found));
  return json{{"metadata", found.metadata_location},
              {"location", found.location},
              {"columns", found.columns.size()}};
}

Result<json> Tables(aws::AwsClient& client, const json& ask) {
  const std::string op = ask["op"];
  if (op == "s3tables.bucket") {
    FIRN_TRY(const std::string arn, aws::CreateTableBucket({}, client, ask["name"]));
    return json{{"arn", arn}};
  }
  const aws::S3TableName name{ask["arn"], ask["ns"], ask["name"]};
  if (op == "s3tables.create") {
    FIRN_CHECK(aws::EnsureS3Namespace({}, client, name.bucket_arn, name.ns));
    FIRN_CHECK(aws::EnsureS3Namespace({}, client, name.bucket_arn, name.ns));
    FIRN_TRY(const std::string token, aws::CreateS3Table({}, client, name));
    return json{{"token", token}};
  }
  if (op == "s3tables.update") {
    FIRN_TRY(const std::string token,
             aws::UpdateS3TableMetadata({}, client, name, ask["token"], ask["metadata"]));
    return json{{"token", token}};
  }
  FIRN_TRY(const aws::S3Table found, aws::GetS3Table({}, client, name));
  return json{{"warehouse", found.warehouse_location},
              {"metadata", found.metadata_location},
              {"token", found.version_token}};
}

Result<json> Answer(aws::AwsClient& client, const json& ask) {
  const std::string op = ask["op"];
  if (op.starts_with("kms.")) return Kms(client, ask);
  if (op.starts_with("s3.")) return Bucket(client, ask);
  if (op.starts_with("glue.")) return Glue(client, ask);
  if (op.starts_with("s3tables.")) return Tables(client, ask);
  std::vector<aws::MetricDatum> data;
  for (int i = 0; i < ask["count"].get<int>(); ++i) {
    data.push_back({.name = "DailyApiRequests.Used",
                    .dimensions = {{"Org", "prod"}},
                    .value = static_cast<double>(i),
                    .unit = "Count",
                    .time = firn::SystemClock().Now()});
  }
  FIRN_CHECK(aws::PutMetricData({}, client, "Firn/Salesforce", data));
  return json::object();
}

}  // namespace

int main() {
  auto transport = firn::net::NewHttpClient({});
  if (!transport) return 1;
  const auto credentials = aws::NewCredentialChain(**transport, {});
  aws::ClientParts parts;
  parts.transport = transport->get();
  parts.credentials = credentials.get();
  parts.region = *aws::FindRegion(parts.environment, "");
  aws::AwsClient client(std::move(parts));
  for (std::string line; std::getline(std::cin, line);) {
    const auto answer = Answer(client, json::parse(line));
    const json out = answer ? *answer
                            : json{{"error", answer.error().code()},
                                   {"kind", firn::KindName(answer.error().kind())},
                                   {"api_code", answer.error().remote().api_code}};
    std::cout << out.dump() << std::endl;
  }
  return 0;
}
