#include "ends/aws/s3_tables.h"

#include <nlohmann/json.hpp>

#include "ends/aws/internal/json_api.h"
#include "ends/aws/internal/uri.h"

namespace firn::aws {
namespace {

using nlohmann::json;

constexpr Service kS3Tables{"S3TABLES", "s3tables", "s3tables"};

Result<json> Ask(const Call& call, AwsClient& client, std::string_view method, std::string path,
                 const json& body = nullptr) {
  RestCall rest;
  rest.method = method;
  rest.path = std::move(path);
  if (!body.is_null()) {
    rest.headers.Set("Content-Type", "application/json");
    rest.body = JsonTextOf(body);
  }
  FIRN_TRY(const net::Response response, client.CallRest(call, kS3Tables, std::move(rest)));
  if (response.body.empty()) return json::object();
  json answer = json::parse(response.body, nullptr, false);
  if (!answer.is_object()) return Fail(UnreadableAnswer(kS3Tables));
  return answer;
}

std::string Part(const std::string& text) { return "/" + UriEncode(text, ""); }
std::string PathOf(const S3TableName& table) {
  return "/tables" + Part(table.bucket_arn) + Part(table.ns) + Part(table.name);
}

}  // namespace

Result<std::string> CreateTableBucket(const Call& call, AwsClient& client,
                                      const std::string& name) {
  FIRN_TRY(const json answer, Ask(call, client, "PUT", "/buckets", json::object({{"name", name}})));
  return Reading(kS3Tables,
                 [&]() -> Result<std::string> { return answer.at("arn").get<std::string>(); });
}

Result<void> EnsureS3Namespace(const Call& call, AwsClient& client, const std::string& bucket_arn,
                               const std::string& ns) {
  auto made = Ask(call, client, "PUT", "/namespaces" + Part(bucket_arn),
                  json::object({{"namespace", json::array({ns})}}));
  if (made || made.error().kind() == Kind::kConflict) return {};
  return Fail(std::move(made).error());
}

Result<std::string> CreateS3Table(const Call& call, AwsClient& client, const S3TableName& table) {
  FIRN_TRY(const json answer,
           Ask(call, client, "PUT", "/tables" + Part(table.bucket_arn) + Part(table.ns),
               {{"name", table.name}, {"format", "ICEBERG"}}));
  return Reading(kS3Tables, [&]() -> Result<std::string> {
    return answer.at("versionToken").get<std::string>();
  });
}

Result<S3Table> GetS3Table(const Call& call, AwsClient& client, const S3TableName& table) {
  FIRN_TRY(const json answer, Ask(call, client, "GET", PathOf(table) + "/metadata-location"));
  return Reading(kS3Tables, [&]() -> Result<S3Table> {
    const auto metadata = answer.find("metadataLocation");
    return S3Table{.warehouse_location = answer.at("warehouseLocation"),
                   .metadata_location = metadata != answer.end() && metadata->is_string()
                                            ? metadata->get<std::string>()
                                            : std::string(),
                   .version_token = answer.at("versionToken")};
  });
}

Result<std::string> UpdateS3TableMetadata(const Call& call, AwsClient& client,
                                          const S3TableName& table,
                                          const std::string& version_token,
                                          const std::string& metadata_location) {
  FIRN_TRY(const json answer,
           Ask(call, client, "PUT", PathOf(table) + "/metadata-location",
               {{"versionToken", version_token}, {"metadataLocation", metadata_location}}));
  return Reading(kS3Tables, [&]() -> Result<std::string> {
    return answer.at("versionToken").get<std::string>();
  });
}

}  // namespace firn::aws
