// What could go wrong in production: tables are written to another catalog than was meant, or
// somebody else's sign-in is used.
#include <gtest/gtest.h>

#include "core/project/project.h"
#include "core/project/test_yaml.h"

namespace firn::project {
namespace {

class LakeYaml : public YamlTest {
 protected:
  Result<Project> Read(std::string_view text) { return LoadWith(text); }
  std::string Code(std::string_view text) { return CodeOf(Read(text)); }
};

TEST_F(LakeYaml, RestCatalogIsReadWithItsDefaults) {
  const auto project = Read(R"(
lake:
  rest:
    uri: https://catalog.example.com/api
    warehouse: sales
    credential: ${env:CATALOG}
    headers: {Polaris-Realm: x}
  mirrors:
    - {name: glue, glue: {region: eu-central-1}, tables: "salesforce.*"}
    - {name: other, rest: {uri: "http://127.0.0.1:8181"}, namespace: copy}
)");
  ASSERT_TRUE(project) << project.error().OneLine();
  const RestCatalogSettings& rest = *project->catalogs.rest;
  EXPECT_EQ(rest.uri, "https://catalog.example.com/api");
  EXPECT_EQ(rest.credential.Text(), "${env:CATALOG}");
  EXPECT_EQ(rest.scope, "catalog");
  EXPECT_TRUE(rest.vended_credentials);
  EXPECT_EQ(rest.headers.at("Polaris-Realm"), "x");
  // No folder was named: anywhere on S3, nowhere on this machine; the spool lies with the state.
  EXPECT_EQ(project->lake.warehouse, "");
  EXPECT_EQ(project->lake.catalog, (folder_ / ".firn/catalog.db").string());
  ASSERT_EQ(project->catalogs.mirrors.size(), 2U);
  EXPECT_FALSE(project->catalogs.mirrors[0].rest);
  EXPECT_EQ(project->catalogs.mirrors[0].glue_region, "eu-central-1");
  EXPECT_EQ(project->catalogs.mirrors[1].ns, "copy");
}

TEST_F(LakeYaml, NamedWarehouseBoundsARestCatalog) {
  const auto project = Read("lake: {warehouse: tables, rest: {uri: \"http://x\"}}\n");
  ASSERT_TRUE(project) << project.error().OneLine();
  EXPECT_EQ(project->lake.warehouse, (folder_ / "tables").string());
}

TEST_F(LakeYaml, ContradictionsAreRefused) {
  EXPECT_EQ(Code("lake: {rest: {warehouse: x}}\n"), "PROJECT-LAKE-001");
  EXPECT_EQ(Code("lake: {rest: {uri: catalog.example.com}}\n"), "PROJECT-LAKE-001");
  EXPECT_EQ(Code("lake: {catalog: c.db, rest: {uri: \"http://x\"}}\n"), "PROJECT-LAKE-001");
  EXPECT_EQ(Code("lake: {rest: {uri: \"http://x\", token: \"${env:A}\", credential: "
                 "\"${env:B}\"}}\n"),
            "PROJECT-LAKE-001");
  EXPECT_EQ(Code("lake: {rest: {uri: \"http://x\", token: \"${env:A}\", signing_name: glue}}\n"),
            "PROJECT-LAKE-001");
  EXPECT_EQ(Code("lake: {mirrors: [{name: a}]}\n"), "PROJECT-LAKE-001");
  EXPECT_EQ(Code("lake: {mirrors: [{name: a, glue: {}, rest: {uri: \"http://x\"}}]}\n"),
            "PROJECT-LAKE-001");
  EXPECT_EQ(Code("lake: {mirrors: [{name: a, glue: {}}, {name: a, glue: {}}]}\n"),
            "PROJECT-LAKE-001");
}

TEST_F(LakeYaml, SecretsAreNeverWrittenOut) {
  EXPECT_EQ(Code("lake: {rest: {uri: \"http://x\", token: abc}}\n"), "CONFIG-VALUE-003");
}

}  // namespace
}  // namespace firn::project
