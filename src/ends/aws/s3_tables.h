// Amazon S3 Tables, the control plane: table buckets, namespaces, tables and where their newest
// metadata file is.
//
// A table's files lie below its `warehouse_location`, which the service chooses; a commit is an
// update of the metadata location that names the version it was made from. Any thread may call.
// Source: Amazon S3 API Reference, "Amazon S3 Tables" (2018-05-10): "CreateTableBucket",
// "CreateNamespace", "CreateTable", "GetTable", "GetTableMetadataLocation",
// "UpdateTableMetadataLocation", read 2026-11.
#pragma once

#include <string>
#include <vector>

#include "ends/aws/client.h"

namespace firn::aws {

// Where a table is: `arn:aws:s3tables:..:bucket/x`, one level of namespace, a name.
struct S3TableName {
  std::string bucket_arn;
  std::string ns;
  std::string name;
};

struct S3Table {
  std::string warehouse_location;
  std::string metadata_location;  // empty: nothing was committed yet
  std::string version_token;
};

// Its ARN. Errors: Conflict (AWS-CALL-001) when it exists.
[[nodiscard]] Result<std::string> CreateTableBucket(const Call& call, AwsClient& client,
                                                    const std::string& name);
// An existing one is fine.
[[nodiscard]] Result<void> EnsureS3Namespace(const Call& call, AwsClient& client,
                                             const std::string& bucket_arn, const std::string& ns);
// Its version token. Errors: Conflict (AWS-CALL-001) when it exists.
[[nodiscard]] Result<std::string> CreateS3Table(const Call& call, AwsClient& client,
                                                const S3TableName& table);
// Errors: NotFound (AWS-CALL-005).
[[nodiscard]] Result<S3Table> GetS3Table(const Call& call, AwsClient& client,
                                         const S3TableName& table);
// The new version token. Errors: Conflict (AWS-CALL-001) when `version_token` is not the newest.
[[nodiscard]] Result<std::string> UpdateS3TableMetadata(const Call& call, AwsClient& client,
                                                        const S3TableName& table,
                                                        const std::string& version_token,
                                                        const std::string& metadata_location);

}  // namespace firn::aws
