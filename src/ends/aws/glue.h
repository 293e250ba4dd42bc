// AWS Glue Data Catalog: databases, and Iceberg tables registered as pure metadata.
//
// A registered table is `metadata_location` in its parameters; engines of the account read it from
// there. An update names the version it was made from, so that of two writers one is refused. Any
// thread may call. Source: AWS Glue Web API Reference (2017-03-31), "CreateDatabase", "GetTable",
// "CreateTable", "UpdateTable", "DeleteTable"; parameter names as apache/iceberg's GlueCatalog
// writes them (`table_type`, `metadata_location`, `previous_metadata_location`), read 2026-11.
#pragma once

#include <string>
#include <vector>

#include "ends/aws/client.h"

namespace firn::aws {

struct GlueColumn {
  std::string name;
  std::string type;  // Hive's word: `string`, `bigint`, `decimal(18,2)`, `timestamp`
  std::string comment;
};

struct GlueTable {
  std::string database;
  std::string name;
  std::string location;           // of the table's files
  std::string metadata_location;  // the newest metadata file
  std::vector<GlueColumn> columns;
  std::string version_id;  // of what was read; empty: not read
};

// An existing one is fine.
[[nodiscard]] Result<void> EnsureGlueDatabase(const Call& call, AwsClient& client,
                                              const std::string& name);
// Errors: NotFound (AWS-CALL-005); Unsupported (AWS-GLUE-001) for a table that is not Iceberg's.
[[nodiscard]] Result<GlueTable> GetGlueTable(const Call& call, AwsClient& client,
                                             const std::string& database, const std::string& name);
// Errors: Conflict (AWS-CALL-001) when it exists.
[[nodiscard]] Result<void> CreateGlueTable(const Call& call, AwsClient& client,
                                           const GlueTable& table);
// From `previous` as it was read. Errors: Conflict (AWS-CALL-001) when somebody changed it since.
[[nodiscard]] Result<void> UpdateGlueTable(const Call& call, AwsClient& client,
                                           const GlueTable& table, const GlueTable& previous);
// A missing one is fine. The files stay.
[[nodiscard]] Result<void> DeleteGlueTable(const Call& call, AwsClient& client,
                                           const std::string& database, const std::string& name);

}  // namespace firn::aws
