#include "ends/aws/glue.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ends/aws/internal/json_api.h"

namespace firn::aws {
namespace {

using nlohmann::json;

constexpr Service kGlue{"GLUE", "glue", "glue"};
constexpr std::string_view kExists = "AlreadyExistsException";

json InputOf(const GlueTable& table, const std::string& previous_metadata) {
  json columns = json::array();
  for (const GlueColumn& column : table.columns) {
    json each = {{"Name", column.name}, {"Type", column.type}};
    if (!column.comment.empty()) each["Comment"] = column.comment;
    columns.push_back(std::move(each));
  }
  json parameters = {{"table_type", "ICEBERG"}, {"metadata_location", table.metadata_location}};
  if (!previous_metadata.empty()) parameters["previous_metadata_location"] = previous_metadata;
  return {{"Name", table.name},
          {"TableType", "EXTERNAL_TABLE"},
          {"Parameters", std::move(parameters)},
          {"StorageDescriptor", {{"Location", table.location}, {"Columns", std::move(columns)}}}};
}

bool IsIceberg(const json& parameters) {
  std::string kind = parameters.value("table_type", "");
  std::ranges::transform(kind, kind.begin(), [](unsigned char c) { return std::toupper(c); });
  return kind == "ICEBERG";
}

}  // namespace

Result<void> EnsureGlueDatabase(const Call& call, AwsClient& client, const std::string& name) {
  auto made = AskJson(call, client, kGlue, "AWSGlue.CreateDatabase",
                      json::object({{"DatabaseInput", json::object({{"Name", name}})}}));
  if (made || made.error().remote().api_code == kExists) return {};
  return Fail(std::move(made).error());
}

Result<GlueTable> GetGlueTable(const Call& call, AwsClient& client, const std::string& database,
                               const std::string& name) {
  FIRN_TRY(const json answer, AskJson(call, client, kGlue, "AWSGlue.GetTable",
                                      {{"DatabaseName", database}, {"Name", name}}));
  return Reading(kGlue, [&]() -> Result<GlueTable> {
    const json& found = answer.at("Table");
    const json parameters = found.value("Parameters", json::object());
    if (!IsIceberg(parameters)) {
      return Fail(Error(Kind::kUnsupported, "AWS-GLUE-001", "the table is not an Iceberg table")
                      .At("glue " + database + "." + name));
    }
    GlueTable table{.database = database,
                    .name = found.at("Name"),
                    .location = "",
                    .metadata_location = parameters.value("metadata_location", ""),
                    .columns = {},
                    .version_id = found.value("VersionId", "")};
    const json storage = found.value("StorageDescriptor", json::object());
    table.location = storage.value("Location", "");
    for (const json& column : storage.value("Columns", json::array())) {
      table.columns.push_back(
          {column.at("Name"), column.value("Type", ""), column.value("Comment", "")});
    }
    return table;
  });
}

Result<void> CreateGlueTable(const Call& call, AwsClient& client, const GlueTable& table) {
  auto made = AskJson(call, client, kGlue, "AWSGlue.CreateTable",
                      {{"DatabaseName", table.database}, {"TableInput", InputOf(table, "")}});
  if (made) return {};
  if (made.error().remote().api_code != kExists) return Fail(std::move(made).error());
  return Fail(Error(Kind::kConflict, "AWS-CALL-001", "AWS refused the call")
                  .At("glue " + table.database + "." + table.name)
                  .Because("the table exists")
                  .From(made.error().remote()));
}

Result<void> UpdateGlueTable(const Call& call, AwsClient& client, const GlueTable& table,
                             const GlueTable& previous) {
  json body = {{"DatabaseName", table.database},
               {"TableInput", InputOf(table, previous.metadata_location)},
               {"SkipArchive", true}};
  if (!previous.version_id.empty()) body["VersionId"] = previous.version_id;
  auto done = AskJson(call, client, kGlue, "AWSGlue.UpdateTable", body);
  if (done) return {};
  if (done.error().remote().api_code != "ConcurrentModificationException" &&
      done.error().remote().api_code != "VersionMismatchException") {
    return Fail(std::move(done).error());
  }
  return Fail(Error(Kind::kConflict, "AWS-CALL-001", "AWS refused the call")
                  .At("glue " + table.database + "." + table.name)
                  .Because("somebody changed the table since it was read")
                  .From(done.error().remote()));
}

Result<void> DeleteGlueTable(const Call& call, AwsClient& client, const std::string& database,
                             const std::string& name) {
  auto done = AskJson(call, client, kGlue, "AWSGlue.DeleteTable",
                      {{"DatabaseName", database}, {"Name", name}});
  if (done || done.error().kind() == Kind::kNotFound) return {};
  return Fail(std::move(done).error());
}

}  // namespace firn::aws
