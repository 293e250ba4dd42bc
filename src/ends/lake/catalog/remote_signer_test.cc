// What could go wrong in production: a signature is used for something else than what was signed, a
// signer of another host gets our sign-in, every range of a file costs a call, a spent signature is
// used for ever.
#include "ends/lake/catalog/remote_signer.h"

#include <gtest/gtest.h>

#include "ends/lake/catalog/rest_test_desk.h"

namespace firn::lake {
namespace {

constexpr const char* kPath = "/v1/namespaces/n/tables/t/sign";

class RemoteSigning : public RestDesk {
 protected:
  RemoteSigning() {
    other_ = [this](const net::ServerRequest& request) -> std::optional<net::ServerResponse> {
      if (!request.path.ends_with("/sign")) return {};
      const Json body = Json::parse(request.body);
      asked_.push_back(body);
      bearer_ = request.headers.GetOr("Authorization", "");
      net::ServerResponse response;
      Json headers = body["headers"];
      headers["x-amz-date"] = Json::array({"20261126T000000Z"});
      headers["Authorization"] =
          Json::array({"AWS4-HMAC-SHA256 Credential=A/b, SignedHeaders=" + signed_ +
                       ", Signature=" + std::to_string(asked_.size())});
      response.body = Json{{"uri", body["uri"]}, {"headers", headers}}.dump();
      response.headers.Add("Cache-Control", cache_);
      return response;
    };
  }
  // A signer by the settings of a table.
  Result<std::shared_ptr<RemoteSigner>> Signer(FileSettings settings) {
    RestCatalogOptions options = Options();
    options.token = Secret("t1");
    FIRN_TRY(std::shared_ptr<RestClient> client, RestClient::Open(call_, options));
    settings["s3.remote-signing-enabled"] = "true";
    return RemoteSigner::New(std::move(client), nullptr, settings);
  }
  static net::Request Get(const std::string& range) {
    net::Request request;
    request.url = "http://127.0.0.1:9/b/t/x.parquet";
    request.headers.Set("Range", range);
    return request;
  }
  // The signature's number.
  std::string Signed(RemoteSigner& signer, net::Request& request) {
    const auto done = signer.Sign(call_, "eu-central-1", request);
    EXPECT_TRUE(done) << done.error().OneLine();
    const std::string header = request.headers.GetOr("Authorization", "");
    return header.substr(header.rfind('=') + 1);
  }

  std::vector<Json> asked_;
  std::string bearer_;
  std::string cache_ = "private";
  std::string signed_ = "host;x-amz-content-sha256;x-amz-date";
};

TEST_F(RemoteSigning, CatalogSignsMethodAddressAndHeadersAndSeesNoBody) {
  auto signer = Signer({{"s3.signer.endpoint", kPath}});
  ASSERT_TRUE(signer);
  net::Request put = Get("");
  put.method = "PUT";
  put.body = "rows of somebody";
  put.headers = {{"If-None-Match", "*"}};
  EXPECT_EQ(Signed(**signer, put), "1");
  EXPECT_EQ(put.headers.GetOr("x-amz-date", ""), "20261126T000000Z");
  EXPECT_EQ(put.headers.GetOr("X-Amz-Content-Sha256", ""), "UNSIGNED-PAYLOAD");
  const Json& asked = asked_.at(0);
  EXPECT_EQ(asked["method"], "PUT");
  EXPECT_EQ(asked["uri"], put.url);
  EXPECT_EQ(asked["region"], "eu-central-1");
  EXPECT_EQ(asked["headers"]["If-None-Match"], Json::array({"*"}));
  EXPECT_EQ(asked["headers"]["Host"], Json::array({"127.0.0.1:9"}));
  EXPECT_EQ(asked.dump().find("rows of somebody"), std::string::npos);
  EXPECT_EQ(bearer_, "Bearer t1");
}

TEST_F(RemoteSigning, OneSignatureServesAllRangesForHalfAMinute) {
  auto signer = Signer({{"signer.endpoint", kPath}});
  net::Request first = Get("bytes=0-9");
  net::Request second = Get("bytes=10-19");
  EXPECT_EQ(Signed(**signer, first), "1");
  EXPECT_EQ(Signed(**signer, second), "1");
  EXPECT_EQ(second.headers.GetOr("Range", ""), "bytes=10-19");
  clock_.Advance(std::chrono::seconds(31));
  net::Request later = Get("bytes=0-9");
  EXPECT_EQ(Signed(**signer, later), "2");
  (*signer)->Forget();  // S3 refused it
  net::Request anew = Get("bytes=0-9");
  EXPECT_EQ(Signed(**signer, anew), "3");
}

TEST_F(RemoteSigning, RangeOfWhoeverAskedFirstIsNotTaken) {
  auto signer = Signer({{"signer.endpoint", kPath}});
  net::Request first = Get("bytes=0-9");
  EXPECT_EQ(Signed(**signer, first), "1");  // the answer holds its range
  net::Request whole = Get("");
  whole.headers = {};
  EXPECT_EQ(Signed(**signer, whole), "1");
  EXPECT_FALSE(whole.headers.Get("Range"));
}

TEST_F(RemoteSigning, SignatureOverARangeServesThatRangeAlone) {
  signed_ = "host;range;x-amz-date";
  auto signer = Signer({{"signer.endpoint", kPath}});
  net::Request first = Get("bytes=0-9");
  net::Request second = Get("bytes=10-19");
  net::Request again = Get("bytes=10-19");
  EXPECT_EQ(Signed(**signer, first), "1");
  EXPECT_EQ(Signed(**signer, second), "2");
  EXPECT_EQ(Signed(**signer, again), "2");
}

TEST_F(RemoteSigning, WritesAndAnswersNotToBeKeptAreSignedEachTime) {
  auto signer = Signer({{"signer.endpoint", kPath}});
  for (const char* number : {"1", "2"}) {
    net::Request put = Get("");
    put.method = "PUT";
    EXPECT_EQ(Signed(**signer, put), number);
  }
  cache_ = "private, no-cache";
  for (const char* number : {"3", "4"}) {
    net::Request get = Get("bytes=0-9");
    EXPECT_EQ(Signed(**signer, get), number);
  }
}

TEST_F(RemoteSigning, EndpointIsTheFirstSpecificationsWhereNoneIsNamed) {
  auto signer = Signer({});
  net::Request get = Get("bytes=0-9");
  EXPECT_EQ(Signed(**signer, get), "1");
  EXPECT_EQ(Seen().back(), "POST /v1/aws/s3/sign");
}

TEST_F(RemoteSigning, SignerOfAnotherHostDoesNotGetOurSignIn) {
  for (const FileSettings& settings :
       {FileSettings{{"signer.uri", "http://127.0.0.1:1"}},
        FileSettings{{"s3.signer.uri", "https://evil.example"}},
        FileSettings{{"s3.signer.endpoint", "http://127.0.0.1:1/sign"}}}) {
    const auto signer = Signer(settings);
    ASSERT_FALSE(signer);
    EXPECT_EQ(signer.error().code(), "LAKE-REST-010");
  }
  EXPECT_TRUE(Signer({{"s3.signer.uri", uri_ + "/"}}));
}

TEST_F(RemoteSigning, RefusalIsSaidWithTheCatalogsWords) {
  other_ = [](const net::ServerRequest& request) -> std::optional<net::ServerResponse> {
    if (!request.path.ends_with("/sign")) return {};
    net::ServerResponse response;
    response.status = 403;
    response.body =
        R"({"error":{"message":"not this table","type":"ForbiddenException","code":403}})";
    return response;
  };
  auto signer = Signer({{"signer.endpoint", kPath}});
  net::Request get = Get("bytes=0-9");
  const auto done = (*signer)->Sign(call_, "eu-central-1", get);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), "LAKE-REST-003");
  EXPECT_NE(done.error().why().find("not this table"), std::string::npos);
}

TEST_F(RemoteSigning, AnswerThatIsNoSignatureIsRefused) {
  for (const char* body : {"[]", R"({"uri":"ftp://x","headers":{}})", R"({"uri":"http://x"})",
                           R"({"uri":"http://x","headers":{"a":"b"}})",
                           R"({"uri":"http://x","headers":{"a":["b\r\nc: d"]}})",
                           R"({"uri":"http://x\n","headers":{}})"}) {
    const auto answer = ReadSignAnswer(body);
    ASSERT_FALSE(answer) << body;
    EXPECT_EQ(answer.error().code(), "LAKE-REST-009");
  }
}

}  // namespace
}  // namespace firn::lake
