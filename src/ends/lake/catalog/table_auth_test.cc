// What could go wrong in production: calls about a table go out under the catalog's wide token
// though the table has a narrow one, a table's token ends in mid-run, or goes to somebody else.
#include "ends/lake/catalog/table_auth.h"

#include <gtest/gtest.h>

#include <set>

#include "ends/lake/catalog/rest_answers.h"
#include "ends/lake/catalog/rest_test_desk.h"

namespace firn::lake {
namespace {

const TableIdent kIdent{"n", "t"};
constexpr const char* kIdToken = "urn:ietf:params:oauth:token-type:id_token";

std::string Jwt(UtcMicros end) {
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(end.time_since_epoch()).count();
  return "e30." + Base64Url("{\"exp\":" + std::to_string(seconds) + "}") + ".c2ln";
}

class TableAuthTest : public RestDesk {
 protected:
  TableAuthTest() {
    door_ = [this](const net::ServerRequest& request) {
      const std::string bearer = request.headers.GetOr("Authorization", "");
      if (request.path != "/v1/config") bearers_.push_back(request.method + " " + bearer);
      return refused_.contains(bearer) ? 401 : 0;
    };
    token_ = [this](const net::ServerRequest& request) {
      FormFields form = FormDecode(request.body).value_or(FormFields());
      form.emplace_back("Authorization", request.headers.GetOr("Authorization", ""));
      std::map<std::string, std::string> fields(form.begin(), form.end());
      if (fields["grant_type"] == "client_credentials")
        return Json{{"access_token", "wide"}, {"expires_in", 36'000}};
      exchanges_.push_back(std::move(fields));
      return exchanged_;
    };
    on_table_ = [this](Json& answer) { answer["config"] = config_of_table_; };
  }
  std::unique_ptr<Lake> Opened() {
    RestCatalogOptions options = Options();
    options.credential = Secret("me:secret");
    auto lake = OpenRestLake(call_, options, Places());
    EXPECT_TRUE(lake) << lake.error().OneLine();
    return std::move(*lake);
  }

  std::vector<std::string> bearers_;  // of every request but config's and the token server's
  std::set<std::string> refused_;
  std::vector<std::map<std::string, std::string>> exchanges_;
  Json config_of_table_ = Json::object();
  Json exchanged_ = Json::object();
};

TEST_F(TableAuthTest, CallsAboutATableGoUnderItsOwnToken) {
  config_of_table_["token"] = "narrow";
  const auto lake = Opened();
  ASSERT_TRUE(lake->Create(call_, kIdent, OneColumn(), {}));
  bearers_.clear();
  ASSERT_TRUE(lake->Append(call_, kIdent, {File("a")}, {}));
  ASSERT_FALSE(bearers_.empty());
  for (const std::string& bearer : bearers_)
    EXPECT_TRUE(bearer.ends_with(" Bearer narrow")) << bearer;
  EXPECT_FALSE(lake->Load({"n", "other"}));
  EXPECT_EQ(bearers_.back(), "GET Bearer wide");
}

TEST_F(TableAuthTest, NewerTokenReplacesTheOlderOne) {
  config_of_table_["token"] = "first";
  const auto lake = Opened();
  ASSERT_TRUE(lake->Create(call_, kIdent, OneColumn(), {}));
  config_of_table_["token"] = "second";
  ASSERT_TRUE(lake->Load(kIdent));
  bearers_.clear();
  ASSERT_TRUE(lake->Append(call_, kIdent, {File("a")}, {}));
  EXPECT_EQ(bearers_.back(), "POST Bearer second");
}

TEST_F(TableAuthTest, TokenIsExchangedBeforeItEnds) {
  const std::string first = Jwt(clock_.Now() + std::chrono::minutes(20));
  config_of_table_["token"] = first;
  exchanged_ = {{"access_token", "fresh"}, {"expires_in", 3600}};
  const auto lake = Opened();
  ASSERT_TRUE(lake->Create(call_, kIdent, OneColumn(), {}));
  clock_.Advance(std::chrono::minutes(14));
  ASSERT_TRUE(lake->Append(call_, kIdent, {File("a")}, {}));
  EXPECT_TRUE(exchanges_.empty());
  clock_.Advance(std::chrono::minutes(2));
  bearers_.clear();
  ASSERT_TRUE(lake->Append(call_, kIdent, {File("b")}, {}));
  EXPECT_EQ(bearers_.back(), "POST Bearer fresh");
  ASSERT_EQ(exchanges_.size(), 1U);
  EXPECT_EQ(exchanges_[0]["grant_type"], "urn:ietf:params:oauth:grant-type:token-exchange");
  EXPECT_EQ(exchanges_[0]["subject_token"], first);
  EXPECT_EQ(exchanges_[0]["subject_token_type"], "urn:ietf:params:oauth:token-type:access_token");
  EXPECT_EQ(exchanges_[0]["Authorization"], "Bearer " + first);
}

TEST_F(TableAuthTest, IdTokenOfATableIsExchangedWithTheSessionAsActor) {
  config_of_table_[kIdToken] = "who-we-are";
  exchanged_ = {{"access_token", "of-table"}, {"expires_in", 3600}};
  const auto lake = Opened();
  ASSERT_TRUE(lake->Create(call_, kIdent, OneColumn(), {}));
  bearers_.clear();
  ASSERT_TRUE(lake->Append(call_, kIdent, {File("a")}, {}));
  EXPECT_EQ(bearers_.back(), "POST Bearer of-table");
  ASSERT_EQ(exchanges_.size(), 1U);
  EXPECT_EQ(exchanges_[0]["subject_token"], "who-we-are");
  EXPECT_EQ(exchanges_[0]["subject_token_type"], kIdToken);
  EXPECT_EQ(exchanges_[0]["actor_token"], "wide");
  EXPECT_EQ(exchanges_[0]["Authorization"], "Bearer wide");
}

TEST_F(TableAuthTest, RefusedTokenGivesWayToTheCatalogsSignIn) {
  config_of_table_["token"] = "narrow";
  const auto lake = Opened();
  ASSERT_TRUE(lake->Create(call_, kIdent, OneColumn(), {}));
  refused_ = {"Bearer narrow"};
  const auto table = lake->Append(call_, kIdent, {File("a")}, {});
  ASSERT_TRUE(table) << table.error().OneLine();
  EXPECT_EQ(bearers_.back(), "POST Bearer wide");
  bearers_.clear();
  ASSERT_TRUE(lake->Append(call_, kIdent, {File("b")}, {}));
  for (const std::string& bearer : bearers_)
    EXPECT_TRUE(bearer.ends_with(" Bearer wide")) << bearer;
}

TEST_F(TableAuthTest, ExchangeThatFailsLeavesTheTokenUntilItsEnd) {
  config_of_table_["token"] = Jwt(clock_.Now() + std::chrono::minutes(20));
  exchanged_ = {{"error", "unsupported"}};  // no token
  const auto lake = Opened();
  ASSERT_TRUE(lake->Create(call_, kIdent, OneColumn(), {}));
  clock_.Advance(std::chrono::minutes(16));
  ASSERT_TRUE(lake->Append(call_, kIdent, {File("a")}, {}));
  EXPECT_EQ(bearers_.back(), "POST Bearer " + config_of_table_["token"].get<std::string>());
  EXPECT_EQ(exchanges_.size(), 1U);
  clock_.Advance(std::chrono::minutes(5));
  ASSERT_TRUE(lake->Append(call_, kIdent, {File("b")}, {}));
  EXPECT_EQ(bearers_.back(), "POST Bearer wide");
}

TEST_F(TableAuthTest, TokensDoNotReachTheSettingsOfFiles) {
  const Json answer = {
      {"metadata", Json::parse(MetadataJson(
                       *NewTableFromRequest({.schema_json = R"({"type":"struct","fields":[]})",
                                             .location = "s3://b/t",
                                             .uuid = "00000000-0000-4000-8000-000000000000"})))},
      {"config", {{"token", "narrow"}, {kIdToken, "x"}, {"s3.endpoint", "http://127.0.0.1:1"}}}};
  const auto table = ReadTableAnswer(answer.dump());
  ASSERT_TRUE(table) << table.error().OneLine();
  ASSERT_EQ(table->grants.size(), 1U);
  EXPECT_EQ(table->grants[0].settings, (FileSettings{{"s3.endpoint", "http://127.0.0.1:1"}}));
  EXPECT_TRUE(BringsToken(table->config));
}

}  // namespace
}  // namespace firn::lake
