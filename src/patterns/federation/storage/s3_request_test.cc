// What could go wrong in production: a client has the server sign a request that reads or changes
// what it has no right to, hidden in a path, a query, a header or a body; or a policy opens more
// than the table.
#include "patterns/federation/storage/s3_request.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace firn::federation {
namespace {

constexpr const char* kEndpoint = "http://127.0.0.1:9000";

// `read s3://..` or `write s3://..`, or `no: ` and the reason.
std::string Effect(const std::string& method, const std::string& uri,
                   const net::Headers& headers = {}, const std::string& body = "",
                   std::string_view endpoint = kEndpoint) {
  const auto effect = EffectOf({method, uri, "eu-west-1", headers, body}, endpoint);
  if (!effect) {
    EXPECT_EQ(effect.error().code(),
              effect.error().code() == "LAKE-STORE-001" ? "LAKE-STORE-001" : "CAT-SIGN-001");
    return "no: " + effect.error().why();
  }
  std::string text = effect->writes ? "write" : "read";
  for (const S3Place& place : effect->places) text += " " + place.Uri();
  return text;
}

TEST(S3Request, ReadsAndWritesOfObjectsAreToldByTheirMethod) {
  EXPECT_EQ(Effect("GET", "http://127.0.0.1:9000/b/t/a%20b.parquet"), "read s3://b/t/a b.parquet");
  EXPECT_EQ(Effect("HEAD", "http://127.0.0.1:9000/b/t/x"), "read s3://b/t/x");
  EXPECT_EQ(Effect("PUT", "http://127.0.0.1:9000/b/t/x?partNumber=1&uploadId=u"),
            "write s3://b/t/x");
  EXPECT_EQ(Effect("POST", "http://127.0.0.1:9000/b/t/x?uploads="), "write s3://b/t/x");
  EXPECT_EQ(Effect("DELETE", "http://127.0.0.1:9000/b/t/x"), "write s3://b/t/x");
}

TEST(S3Request, TheBucketMayStandInTheHost) {
  EXPECT_EQ(Effect("GET", "https://b.s3.eu-west-1.amazonaws.com/t/x", {}, "", ""),
            "read s3://b/t/x");
  EXPECT_EQ(Effect("GET", "https://s3.eu-west-1.amazonaws.com/b/t/x", {}, "", ""),
            "read s3://b/t/x");
  EXPECT_EQ(Effect("GET", "https://b.c.s3.eu-west-1.amazonaws.com/t/x", {}, "", ""),
            "read s3://b.c/t/x");
}

TEST(S3Request, OtherHostsAreRefused) {
  EXPECT_TRUE(Effect("GET", "http://example.com/b/t/x").starts_with("no: "));
  EXPECT_TRUE(Effect("GET", "http://127.0.0.1:9001/b/t/x").starts_with("no: "));
  EXPECT_TRUE(Effect("GET", "http://b@127.0.0.1:9000/b/t/x").starts_with("no: "));
  EXPECT_TRUE(Effect("GET", "https://s3.evil.com/b/x", {}, "", "").starts_with("no: "));
  EXPECT_TRUE(Effect("GET", "https://sts.amazonaws.com/b/x", {}, "", "").starts_with("no: "));
}

TEST(S3Request, PathsThatLeaveTheTableAreRefused) {
  EXPECT_TRUE(Effect("GET", "http://127.0.0.1:9000/b/t/../u/x").starts_with("no: "));
  EXPECT_TRUE(Effect("GET", "http://127.0.0.1:9000/b/t/%2e%2e/u/x").starts_with("no: "));
  EXPECT_TRUE(Effect("GET", "http://127.0.0.1:9000/b/t//x").starts_with("no: "));
}

TEST(S3Request, AListingReadsWhatItsPrefixNames) {
  EXPECT_EQ(Effect("GET", "http://127.0.0.1:9000/b?list-type=2&prefix=t%2Fdata%2F"),
            "read s3://b/t/data");
  EXPECT_EQ(Effect("GET", "http://127.0.0.1:9000/b?list-type=2&prefix=t%2Fda"), "read s3://b/t");
  EXPECT_TRUE(Effect("GET", "http://127.0.0.1:9000/b?list-type=2").starts_with("no: "));
}

TEST(S3Request, ADeleteOfSeveralObjectsNamesEachOne) {
  EXPECT_EQ(
      Effect("POST", "http://127.0.0.1:9000/b?delete=", {},
             "<Delete><Object><Key>t/x</Key></Object><Object><Key>u/y</Key></Object></Delete>"),
      "write s3://b/t/x s3://b/u/y");
  EXPECT_TRUE(Effect("POST", "http://127.0.0.1:9000/b?delete=").starts_with("no: "));
}

TEST(S3Request, SubresourcesCopiesAndAclsAreRefused) {
  EXPECT_TRUE(Effect("GET", "http://127.0.0.1:9000/b/t/x?acl=").starts_with("no: "));
  EXPECT_TRUE(Effect("GET", "http://127.0.0.1:9000/b?policy=").starts_with("no: "));
  EXPECT_TRUE(Effect("PUT", "http://127.0.0.1:9000/b").starts_with("no: "));
  EXPECT_TRUE(Effect("POST", "http://127.0.0.1:9000/b/t/x").starts_with("no: "));
  EXPECT_TRUE(Effect("PATCH", "http://127.0.0.1:9000/b/t/x").starts_with("no: "));
  for (const char* header : {"x-amz-copy-source", "X-Amz-Copy-Source-Range", "x-amz-acl",
                             "x-amz-grant-read", "x-amz-website-redirect-location"})
    EXPECT_TRUE(Effect("PUT", "http://127.0.0.1:9000/b/t/x", {{header, "v"}}).starts_with("no: "));
}

TEST(S3Place, HoldsWhatLiesBelowItAndNotWhatOnlyBeginsLikeIt) {
  const S3Place table{"b", "ns/t"};
  EXPECT_TRUE(table.Holds({"b", "ns/t"}));
  EXPECT_TRUE(table.Holds({"b", "ns/t/data/x"}));
  EXPECT_FALSE(table.Holds({"b", "ns/t2/x"}));
  EXPECT_FALSE(table.Holds({"b", "ns"}));
  EXPECT_FALSE(table.Holds({"c", "ns/t/x"}));
}

TEST(SessionPolicy, OpensTheTableAloneWithWildcardsTakenAsText) {
  const auto policy =
      nlohmann::json::parse(SessionPolicy({{{"b", "ns/t*"}}, false, "aws-cn"}))["Statement"];
  EXPECT_EQ(policy[0]["Resource"], nlohmann::json::array({"arn:aws-cn:s3:::b/ns/t${*}/*"}));
  EXPECT_EQ(policy[0]["Action"], nlohmann::json::array({"s3:GetObject", "s3:GetObjectVersion"}));
  EXPECT_EQ(policy[1]["Condition"]["StringLike"]["s3:prefix"],
            nlohmann::json::array({"ns/t${*}/*"}));
  const auto writes =
      nlohmann::json::parse(SessionPolicy({{{"b", "t"}}, true, "aws"}))["Statement"][0]["Action"];
  EXPECT_NE(std::find(writes.begin(), writes.end(), "s3:PutObject"), writes.end());
}

}  // namespace
}  // namespace firn::federation
