// What could go wrong in production: a token that ends in mid-run, a catalog that leads out of the
// warehouse, a call that the catalog does not offer, credentials for files that end.
#include "ends/lake/catalog/rest_catalog.h"

#include <gtest/gtest.h>

#include "ends/lake/catalog/rest_names.h"
#include "ends/lake/catalog/rest_test_desk.h"
#include "ends/lake/catalog/vended_credentials.h"

namespace firn::lake {
namespace {

using RestCatalogTest = RestDesk;
const TableIdent kIdent{"n", "t"};

// Takes the bearer token `good` and nothing else.
std::function<int(const net::ServerRequest&)> Wants(const std::string& good) {
  return [good](const net::ServerRequest& request) {
    return request.headers.GetOr("Authorization", "") == "Bearer " + good ? 0 : 401;
  };
}

std::map<std::string, std::string> FormOf(const net::ServerRequest& request) {
  std::map<std::string, std::string> form;
  const FormFields fields = FormDecode(request.body).value_or(FormFields());
  for (const auto& [name, value] : fields) form[name] = value;
  return form;
}

TEST_F(RestCatalogTest, ClientCredentialsSignIn) {
  std::map<std::string, std::string> form;
  token_ = [&](const net::ServerRequest& request) {
    form = FormOf(request);
    return Json{{"access_token", "t1"}, {"token_type", "bearer"}, {"expires_in", 3600}};
  };
  door_ = Wants("t1");
  RestCatalogOptions options = Options();
  options.credential = Secret("me:se:cret");
  options.audience = "lake";
  const auto lake = OpenRestLake(call_, options, Places());
  ASSERT_TRUE(lake) << lake.error().OneLine();
  EXPECT_EQ(form["grant_type"], "client_credentials");
  EXPECT_EQ(form["client_id"], "me");
  EXPECT_EQ(form["client_secret"], "se:cret");
  EXPECT_EQ(form["scope"], "catalog");
  EXPECT_EQ(form["audience"], "lake");
}

TEST_F(RestCatalogTest, TokenIsRenewedBeforeItEnds) {
  int tokens = 0;
  token_ = [&](const net::ServerRequest&) {
    return Json{{"access_token", "t" + std::to_string(++tokens)}, {"expires_in", 600}};
  };
  RestCatalogOptions options = Options();
  options.credential = Secret("me:secret");
  const auto lake = OpenRestLake(call_, options, Places());
  ASSERT_TRUE(lake);
  EXPECT_EQ(tokens, 1);
  clock_.Advance(std::chrono::minutes(4));
  ASSERT_TRUE((*lake)->Create(call_, kIdent, OneColumn(), {}));
  EXPECT_EQ(tokens, 1);
  clock_.Advance(std::chrono::minutes(2));
  ASSERT_TRUE((*lake)->Append(call_, kIdent, {File("a")}, {}));
  EXPECT_EQ(tokens, 2);
}

TEST_F(RestCatalogTest, ExpiredTokenInMidRunIsReplaced) {
  int tokens = 0;
  token_ = [&](const net::ServerRequest&) {
    return Json{{"access_token", "t" + std::to_string(++tokens)}, {"expires_in", 3600}};
  };
  door_ = Wants("t1");
  RestCatalogOptions options = Options();
  options.credential = Secret("me:secret");
  const auto lake = OpenRestLake(call_, options, Places());
  ASSERT_TRUE(lake);
  ASSERT_TRUE((*lake)->Create(call_, kIdent, OneColumn(), {}));
  door_ = Wants("t2");  // the first one was taken back
  const auto table = (*lake)->Append(call_, kIdent, {File("a")}, {});
  ASSERT_TRUE(table) << table.error().OneLine();
  EXPECT_EQ(tokens, 2);
}

TEST_F(RestCatalogTest, WrongAudienceIsDeniedWithAHint) {
  token_ = [](const net::ServerRequest&) {
    return Json{{"access_token", "for-others"}, {"expires_in", 3600}};
  };
  door_ = Wants("t1");
  RestCatalogOptions options = Options();
  options.credential = Secret("me:secret");
  const auto lake = OpenRestLake(call_, options, Places());
  ASSERT_FALSE(lake);
  EXPECT_EQ(lake.error().code(), "LAKE-REST-002");
  EXPECT_EQ(lake.error().kind(), Kind::kDenied);
  EXPECT_NE(lake.error().hint().find("audience"), std::string::npos);
  EXPECT_EQ(lake.error().OneLine().find("secret"), std::string::npos);
}

TEST_F(RestCatalogTest, SubjectTokenIsExchanged) {
  std::map<std::string, std::string> form;
  token_ = [&](const net::ServerRequest& request) {
    form = FormOf(request);
    return Json{{"access_token", "t1"}, {"expires_in", 3600}};
  };
  door_ = Wants("t1");
  RestCatalogOptions options = Options();
  options.subject_token = Secret("theirs");
  options.subject_token_type = "urn:ietf:params:oauth:token-type:jwt";
  const auto lake = OpenRestLake(call_, options, Places());
  ASSERT_TRUE(lake) << lake.error().OneLine();
  EXPECT_EQ(form["grant_type"], "urn:ietf:params:oauth:grant-type:token-exchange");
  EXPECT_EQ(form["subject_token"], "theirs");
  EXPECT_EQ(form["subject_token_type"], "urn:ietf:params:oauth:token-type:jwt");
}

TEST_F(RestCatalogTest, RequestsAreSignedForTheServiceNamed) {
  setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
  setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI", 1);
  std::vector<std::string> headers;
  door_ = [&](const net::ServerRequest& request) {
    headers.push_back(request.headers.GetOr("Authorization", ""));
    return 0;
  };
  RestCatalogOptions options = Options();
  options.signing_name = "s3tables";
  options.signing_region = "eu-central-1";
  const auto lake = OpenRestLake(call_, options, Places());
  ASSERT_TRUE(lake) << lake.error().OneLine();
  ASSERT_TRUE((*lake)->Create(call_, kIdent, OneColumn(), {}));
  unsetenv("AWS_ACCESS_KEY_ID");
  unsetenv("AWS_SECRET_ACCESS_KEY");
  ASSERT_GE(headers.size(), 2U);
  for (const std::string& header : headers) {
    EXPECT_TRUE(header.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")) << header;
    EXPECT_NE(header.find("/eu-central-1/s3tables/aws4_request"), std::string::npos) << header;
    EXPECT_EQ(header.find("wJalr"), std::string::npos);
  }
}

TEST_F(RestCatalogTest, ColumnsWithOtherIdsAreRefused) {
  on_table_ = [](Json& answer) {
    answer["metadata"]["schemas"][0]["fields"][0]["id"] = 7;
    answer["metadata"]["last-column-id"] = 7;
  };
  const auto made = (*Open())->Create(call_, kIdent, OneColumn(), {});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), "LAKE-REST-011");
}

TEST_F(RestCatalogTest, CallThatIsNotOfferedIsRefusedByName) {
  config_["endpoints"] = {std::string(rest::kListNamespaces), std::string(rest::kLoadTable)};
  const auto lake = Open();
  ASSERT_TRUE(lake) << lake.error().OneLine();
  const auto made = (*lake)->Create(call_, kIdent, OneColumn(), {});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), "LAKE-REST-006");
  EXPECT_NE(made.error().why().find(rest::kCreateTable), std::string::npos);
}

TEST_F(RestCatalogTest, ConfigThatSendsUsElsewhereIsRefused) {
  config_["overrides"]["uri"] = "http://127.0.0.1:1/other";
  const auto lake = Open();
  ASSERT_FALSE(lake);
  EXPECT_EQ(lake.error().code(), "LAKE-REST-010");
}

TEST_F(RestCatalogTest, PageThatIsNoCatalogSaysSo) {
  config_ = Json::array();
  const auto lake = Open();
  ASSERT_FALSE(lake);
  EXPECT_EQ(lake.error().code(), "LAKE-REST-009");
  EXPECT_NE(lake.error().hint().find("lake.rest.uri"), std::string::npos);
}

TEST_F(RestCatalogTest, PathTraversalInReturnedLocationsIsRefused) {
  const auto lake = Open();
  ASSERT_TRUE((*lake)->Create(call_, kIdent, OneColumn(), {}));
  const std::string inside = FileUri(folder_ + "/lake");
  for (const std::string& location :
       {inside + "/../../etc", FileUri("/etc"), inside + "-other/t", std::string("s3://b/t")}) {
    SCOPED_TRACE(location);
    on_table_ = [&](Json& answer) { answer["metadata"]["location"] = location; };
    const auto table = (*Open())->Load(kIdent);
    ASSERT_FALSE(table);
    EXPECT_EQ(table.error().code(), "LAKE-STORE-001");
  }
  on_table_ = [&](Json& answer) { answer["metadata-location"] = inside + "/../x.metadata.json"; };
  EXPECT_EQ((*Open())->Load(kIdent).error().code(), "LAKE-STORE-001");
}

TEST_F(RestCatalogTest, FilesOfThisMachineNeedAWarehouse) {
  ASSERT_TRUE((*Open())->Create(call_, kIdent, OneColumn(), {}));
  LakeOptions places = Places();
  places.warehouse.clear();
  const auto lake = OpenRestLake(call_, Options(), places);
  ASSERT_TRUE(lake);
  const auto table = (*lake)->Load(kIdent);
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().code(), "LAKE-STORE-001");
  EXPECT_NE(table.error().hint().find("lake.warehouse"), std::string::npos);
}

TEST_F(RestCatalogTest, UnchangedTableIsNotSentAgain) {
  etags_ = true;
  const auto lake = Open();
  ASSERT_TRUE((*lake)->Create(call_, kIdent, OneColumn(), {}));
  int sent = 0;
  on_table_ = [&](Json&) { ++sent; };
  const auto first = (*lake)->Load(kIdent);
  const int after_first = sent;
  const auto second = (*lake)->Load(kIdent);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(sent, after_first);
  EXPECT_EQ(second->metadata_location(), first->metadata_location());
}

TEST_F(RestCatalogTest, LevelsOfNamespacesAreOneWordOfThePath) {
  EXPECT_EQ(NamespaceOfLevels({"a.b", "c"}), "a%2Eb.c");
  EXPECT_EQ(NamespaceLevels("a%2Eb.c"), (std::vector<std::string>{"a.b", "c"}));
  const auto lake = Open();
  EXPECT_FALSE((*lake)->Load({"x.y", "t"}));
  EXPECT_EQ(Seen().back(), "GET /v1/namespaces/x\x1Fy/tables/t");
}

TEST_F(RestCatalogTest, IdempotencyKeysAreTimedUuids) {
  const std::string key = NewTimedUuid(call_);
  ASSERT_EQ(key.size(), 36U);
  EXPECT_EQ(key[14], '7');
  EXPECT_NE(std::string("89ab").find(key[19]), std::string::npos);
  EXPECT_EQ(key.substr(0, 8) + key.substr(9, 4), "01a3185c5000");
}

TEST_F(RestCatalogTest, MetadataBombIsRefused) {
  const auto lake = Open();
  ASSERT_TRUE((*lake)->Create(call_, kIdent, OneColumn(), {}));
  const std::string deep(500'000, '[');
  other_ = [&](const net::ServerRequest& request) -> std::optional<net::ServerResponse> {
    if (!request.path.ends_with("/tables/t")) return {};
    net::ServerResponse response;
    response.body = "{\"metadata\":{\"schemas\":" + deep + std::string(deep.size(), ']') + "}}";
    return response;
  };
  const auto table = (*lake)->Load(kIdent);
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().code(), "LAKE-REST-009");
  EXPECT_NE(table.error().why().find("nested too deeply"), std::string::npos);
}

TEST_F(RestCatalogTest, TwoThousandNamespacesAreReadPageByPage) {
  static constexpr int kAll = 2000;
  static constexpr int kPage = 300;
  other_ = [](const net::ServerRequest& request) -> std::optional<net::ServerResponse> {
    if (request.path != "/v1/namespaces") return {};
    const FormFields query = FormDecode(request.query).value_or(FormFields());
    std::map<std::string, std::string> asked(query.begin(), query.end());
    Json page = {{"namespaces", Json::array()}};
    if (!asked.contains("parent")) {
      const int begin = asked["pageToken"].empty() ? 0 : std::stoi(asked["pageToken"]);
      for (int i = begin; i < begin + kPage && i < kAll; ++i)
        page["namespaces"].push_back(Json::array({"n" + std::to_string(i)}));
      if (begin + kPage < kAll) page["next-page-token"] = std::to_string(begin + kPage);
    }
    return Ok(page);
  };
  const auto lake = Open();
  const auto namespaces = (*lake)->Namespaces();
  ASSERT_TRUE(namespaces) << namespaces.error().OneLine();
  EXPECT_EQ(namespaces->size(), static_cast<size_t>(kAll));
  EXPECT_EQ(namespaces->back(), "n1999");
}

TEST_F(RestCatalogTest, ListThatGoesInACircleIsRefused) {
  other_ = [](const net::ServerRequest& request) -> std::optional<net::ServerResponse> {
    if (request.path != "/v1/namespaces") return {};
    return Ok({{"namespaces", Json::array()}, {"next-page-token", "again"}});
  };
  const auto namespaces = (*Open())->Namespaces();
  ASSERT_FALSE(namespaces);
  EXPECT_EQ(namespaces.error().code(), "LAKE-REST-009");
}

FileSettings Keys(const std::string& id, UtcMicros end) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(end.time_since_epoch());
  return {{"s3.access-key-id", id},
          {"s3.secret-access-key", "x"},
          {"s3.session-token-expires-at-ms", std::to_string(ms.count())}};
}

TEST_F(RestCatalogTest, VendedCredentialsAreRenewedByTheLongestPrefix) {
  const UtcMicros now = clock_.Now();
  int asked = 0;
  VendedCredentials credentials(
      "s3://b/w/t", *KeysOf(Keys("first", now + std::chrono::minutes(20))), [&](const Call&) {
        ++asked;
        const UtcMicros later = clock_.Now() + std::chrono::hours(1);
        return Result<std::vector<Grant>>(std::vector<Grant>{{"s3://b/w", Keys("wide", later)},
                                                             {"s3://b/w/t", Keys("own", later)},
                                                             {"s3://b/w/u", Keys("no", later)}});
      });
  EXPECT_EQ(credentials.Get(call_)->access_key_id, "first");
  clock_.Advance(std::chrono::minutes(16));
  EXPECT_EQ(credentials.Get(call_)->access_key_id, "own");
  EXPECT_EQ(credentials.Get(call_)->access_key_id, "own");
  EXPECT_EQ(asked, 1);
  credentials.Forget();  // the service refused them
  EXPECT_EQ(credentials.Get(call_)->access_key_id, "own");
  EXPECT_EQ(asked, 2);
}

TEST_F(RestCatalogTest, HalfOfAKeyPairIsRefused) {
  EXPECT_EQ(KeysOf({{"s3.access-key-id", "a"}}).error().code(), "LAKE-REST-009");
  FileSettings keys = Keys("a", clock_.Now());
  keys["s3.session-token-expires-at-ms"] = "soon";
  EXPECT_EQ(KeysOf(keys).error().code(), "LAKE-REST-009");
}

}  // namespace
}  // namespace firn::lake
