// What could go wrong in production: a run against the wrong org or with the wrong rule because a
// file was read in another sense than it was written.
#include "core/project/project.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/test_folder.h"

namespace firn::project {
namespace {

constexpr std::string_view kGood = R"(
name: sales
orgs:
  - id: prod
    login_url: https://example.my.salesforce.com/
    auth: {client_id: 3MVG9, username: etl@example.com, key: "${file:keys/prod.pem}"}
    limits: {share: 0.5}
    ca_file: ca.pem
  - id: desk
    login_url: http://127.0.0.1:8080
    api_version: 60.0
    compression: none
    auth: {flow: client_credentials, client_id: abc, client_secret: "${env:S}"}
lake: {warehouse: tables, namespace: "sf_{org}"}
objects:
  - name: all
    exclude: [Description]
  - name: "*__c"
    orgs: prod
    blobs: fetch
  - {name: Account, table: accounts, where: "IsDeleted = false"}
environments:
  ci:
    orgs: {prod: {login_url: "http://localhost:9", limits: {share: 1}}}
    lake: {warehouse: /srv/ci}
)";

class ProjectFolder : public testing::Test {
 protected:
  Result<Project> LoadText(std::string_view text, const std::string& environment = "") {
    std::ofstream(folder_ / "firn.yaml") << text;
    LoadOptions options;
    options.environment = environment;
    return Load(folder_.string(), options);
  }
  // `code where what | hint` of the first problem.
  std::string Problem(std::string_view text, const std::string& environment = "") {
    const auto project = LoadText(text, environment);
    if (project) return "none";
    const Error& error = project.error();
    return error.code() + " " + error.where() + " " + error.what() + " | " + error.hint();
  }
  // The good project with `from` replaced.
  std::string With(std::string_view from, std::string_view to) {
    std::string text(kGood);
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  }

  TestFolder temporary_;
  std::filesystem::path folder_ = temporary_.path();
};

TEST_F(ProjectFolder, IsReadWithItsDefaults) {
  const auto project = LoadText(kGood);
  ASSERT_TRUE(project) << project.error().OneLine();
  EXPECT_EQ(project->name, "sales");
  const Org& prod = **project->FindOrg("prod");
  EXPECT_EQ(prod.login_url, "https://example.my.salesforce.com");
  EXPECT_EQ(prod.auth.flow, AuthFlow::kJwt);
  EXPECT_EQ(prod.auth.key.Text(), "${file:keys/prod.pem}");
  EXPECT_TRUE(prod.auth.next_key.empty());
  EXPECT_EQ(prod.api_version, "66.0");
  EXPECT_EQ(prod.ca_file, (folder_ / "ca.pem").string());
  EXPECT_DOUBLE_EQ(prod.limits.share, 0.5);
  EXPECT_TRUE(prod.gzip);
  const Org& desk = **project->FindOrg("desk");
  EXPECT_FALSE(desk.gzip);
  EXPECT_DOUBLE_EQ(desk.limits.share, 0.8);
  EXPECT_EQ(desk.auth.flow, AuthFlow::kClientCredentials);
  EXPECT_EQ(project->lake.warehouse, (folder_ / "tables").string());
  EXPECT_EQ(project->lake.catalog, (folder_ / "tables/catalog.db").string());
  EXPECT_EQ(project->state_folder, (folder_ / ".firn").string());
  EXPECT_EQ(project->NamespaceOf(prod), "sf_prod");
}

TEST_F(ProjectFolder, TakesTheLastRuleThatMatches) {
  const auto project = LoadText(kGood);
  ASSERT_TRUE(project) << project.error().OneLine();
  const Org& prod = **project->FindOrg("prod");
  const Org& desk = **project->FindOrg("desk");
  EXPECT_EQ(project->RuleFor(prod, "account")->table, "accounts");
  EXPECT_EQ(project->RuleFor(prod, "Invoice__c")->blobs, Blobs::kFetch);
  EXPECT_EQ(project->RuleFor(desk, "Invoice__c")->name, "all");
}

TEST_F(ProjectFolder, HasAChangelogOnlyWhereItIsAskedFor) {
  const auto project = LoadText(
      With("environments:", "  - {name: Case, mode: incremental, changelog: true}\nenvironments:"));
  ASSERT_TRUE(project) << project.error().OneLine();
  const Org& prod = **project->FindOrg("prod");
  EXPECT_TRUE(project->RuleFor(prod, "Case")->changelog);
  EXPECT_FALSE(project->RuleFor(prod, "account")->changelog);
}

TEST_F(ProjectFolder, KnowsWhereEachNameOfAListStands) {
  const auto project = LoadText(With(
      "environments:", "  - name: Case\n    exclude: [Fax,\n      \"Secret*\"]\nenvironments:"));
  ASSERT_TRUE(project) << project.error().OneLine();
  const ObjectRule& rule = *project->RuleFor(**project->FindOrg("prod"), "Case");
  ASSERT_EQ(rule.exclude_where.size(), 2U);
  const size_t colon = rule.where_in_file.find(':') + 1;
  const int line = std::stoi(rule.where_in_file.substr(colon));
  EXPECT_EQ(rule.exclude_where[0], "firn.yaml:" + std::to_string(line + 1) + ":15");
  EXPECT_EQ(rule.exclude_where[1], "firn.yaml:" + std::to_string(line + 2) + ":7");
}

TEST_F(ProjectFolder, KeepsObjectsOutByARuleThatSaysNothingElse) {
  const auto with = [this](const std::string& rule) {
    return With("environments:", "  - {name: Case, " + rule + "}\nenvironments:");
  };
  const auto project = LoadText(with("skip: true"));
  ASSERT_TRUE(project) << project.error().OneLine();
  EXPECT_TRUE(project->RuleFor(**project->FindOrg("prod"), "Case")->skip);
  EXPECT_EQ(Problem(with("skip: true, exclude: [Fax]")).substr(0, 18), "PROJECT-OBJECT-002");
}

TEST_F(ProjectFolder, LaysAnEnvironmentOverTheRest) {
  const auto project = LoadText(kGood, "ci");
  ASSERT_TRUE(project) << project.error().OneLine();
  const Org& prod = **project->FindOrg("prod");
  EXPECT_EQ(prod.login_url, "http://localhost:9");
  EXPECT_DOUBLE_EQ(prod.limits.share, 1);
  EXPECT_EQ(prod.auth.username, "etl@example.com");
  EXPECT_EQ(project->lake.warehouse, "/srv/ci");
  EXPECT_EQ(project->lake.ns, "sf_{org}");
  EXPECT_EQ(Problem(kGood, "ic").substr(0, 16), "PROJECT-ENV-001 ");
  EXPECT_EQ(Problem(With("orgs: {prod: {", "orgs: {prdo: {"), "ci"),
            "PROJECT-ORG-001 firn.yaml:24:12 no org has the id `prdo` | did you mean `prod`?");
}

TEST_F(ProjectFolder, AsksForTheOrgOnlyWhenThereAreSeveral) {
  const auto project = LoadText(kGood);
  EXPECT_EQ(project->FindOrg("").error().code(), "PROJECT-ORG-002");
  EXPECT_EQ(project->FindOrg("dsek").error().hint(), "did you mean `desk`?");
  EXPECT_EQ(project->FindOrg("xyz").error().kind(), Kind::kNotFound);
}

TEST_F(ProjectFolder, NamesWhatIsWrongAndWhere) {
  EXPECT_EQ(Problem(With("limits: {share: 0.5}", "limitz: {share: 0.5}")),
            "CONFIG-KEY-001 firn.yaml:7:5 unknown key `limitz` | did you mean `limits`?");
  EXPECT_EQ(Problem(With("id: desk", "id: prod")).substr(0, 16), "PROJECT-NAME-002");
  EXPECT_EQ(Problem(With("id: desk", "id: Desk")).substr(0, 16), "PROJECT-NAME-001");
  EXPECT_EQ(Problem(With("60.0", "60")).substr(0, 19), "PROJECT-VERSION-001");
  EXPECT_EQ(Problem(With("60.0", "12.0")).substr(0, 19), "PROJECT-VERSION-001");
  EXPECT_EQ(Problem(With("orgs: prod", "orgs: prd")).substr(0, 15), "PROJECT-ORG-001");
  EXPECT_EQ(Problem(With("name: Account", "name: Acc ount")).substr(0, 18), "PROJECT-OBJECT-001");
  EXPECT_EQ(Problem(With("namespace: \"sf_{org}\"", "namespace: a.b")).substr(0, 16),
            "PROJECT-NAME-001");
}

TEST_F(ProjectFolder, RefusesAHomeFolderInShellWords) {
  EXPECT_EQ(Problem(With("warehouse: tables", "warehouse: ~/tables")).substr(0, 16),
            "PROJECT-PATH-001");
  EXPECT_EQ(Problem(With("ca_file: ca.pem", "ca_file: ~/ca.pem")).substr(0, 16),
            "PROJECT-PATH-001");
  EXPECT_EQ(Problem(With("warehouse: tables", "warehouse: ./~tables")), "none");
}

TEST_F(ProjectFolder, RefusesPlainHttpBeyondThisMachine) {
  EXPECT_EQ(Problem(With("http://127.0.0.1:8080", "http://sf.example.com")).substr(0, 15),
            "PROJECT-URL-001");
  EXPECT_EQ(Problem(With("http://127.0.0.1:8080", "http://127.evil.com@x")).substr(0, 15),
            "PROJECT-URL-001");
  EXPECT_EQ(Problem(With("http://127.0.0.1:8080", "https://a.com/path")).substr(0, 15),
            "PROJECT-URL-001");
  EXPECT_EQ(Problem(With("http://127.0.0.1:8080", "http://localhost:1")), "none");
}

TEST_F(ProjectFolder, HoldsSignInKeysAgainstTheFlow) {
  EXPECT_EQ(Problem(With("username: etl@example.com, ", "")).substr(0, 17), "PROJECT-AUTH-001 ");
  EXPECT_EQ(Problem(With("client_secret: \"${env:S}\"", "client_secret: \"${env:S}\", username: x"))
                .substr(0, 17),
            "PROJECT-AUTH-001 ");
}

TEST_F(ProjectFolder, SaysHowManyMoreProblemsThereAre) {
  const std::string problem = Problem("name: x\norgz: []\nlakes: 3\n");
  EXPECT_EQ(problem.substr(0, 14), "CONFIG-KEY-001");
  EXPECT_NE(problem.find("`firn config check` shows 2 more"), std::string::npos);
}

TEST_F(ProjectFolder, IsMissedWhereThereIsNone) {
  const auto project = Load((folder_ / "nowhere").string());
  ASSERT_FALSE(project);
  EXPECT_EQ(project.error().code(), "PROJECT-FILE-001");
  EXPECT_EQ(project.error().kind(), Kind::kNotFound);
}

TEST(Globs, FoldCaseAndSpanAnything) {
  EXPECT_TRUE(GlobMatches("*__c", "Invoice__C"));
  EXPECT_TRUE(GlobMatches("A*t", "account"));
  EXPECT_TRUE(GlobMatches("all", "Anything"));
  EXPECT_TRUE(GlobMatches("a*b*c", "aXbXbYc"));
  EXPECT_TRUE(GlobMatches("Lea?", "Lead"));
  EXPECT_FALSE(GlobMatches("*__c", "Invoice__x"));
  EXPECT_FALSE(GlobMatches("Acc", "Account"));
  EXPECT_FALSE(GlobMatches("", "A"));
}

}  // namespace
}  // namespace firn::project
