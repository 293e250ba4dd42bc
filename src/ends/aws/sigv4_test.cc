// The vendor's own worked examples. What could go wrong in production: every call refused, or
// worse, only those with unusual paths, queries or headers. botocore judges more cases in
// tests/interop/test_aws.py.
#include "ends/aws/sigv4.h"

#include <gtest/gtest.h>

#include "core/base/time_text.h"
#include "ends/aws/internal/uri.h"

namespace firn::aws {
namespace {

Credentials Example(std::string key, std::string secret) {
  Credentials credentials;
  credentials.access_key_id = std::move(key);
  credentials.secret_access_key = Secret(std::move(secret));
  return credentials;
}

std::string SignatureOf(const net::Request& request) {
  const std::string header = request.headers.GetOr("Authorization", "");
  return header.substr(header.rfind('=') + 1);
}

// Source: AWS General Reference, "Signature Version 4 signing process", the IAM ListUsers example.
TEST(SigV4, SignsTheExampleOfTheGeneralReference) {
  net::Request request;
  request.url = "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08";
  request.headers.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  SignRequest(request, Example("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
              {.scope = {"us-east-1", "iam"}, .now = *ParseInstant("2015-08-30T12:36:00Z")});
  EXPECT_EQ(request.headers.GetOr("Authorization", ""),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

// Source: Amazon S3 API Reference, "Signature Calculations for the Authorization Header:
// Transferring Payload in Multiple Chunks", the 65 KB example.
TEST(SigV4, SignsAndFramesTheChunksOfTheS3Example) {
  const Credentials credentials =
      Example("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
  net::Request request;
  request.method = "PUT";
  request.url = "https://s3.amazonaws.com/examplebucket/chunkObject.txt";
  request.headers.Set("x-amz-storage-class", "REDUCED_REDUNDANCY");
  request.headers.Set("Content-Length", std::to_string(ChunkSigner::WireBytes(66'560, 65'536)));
  const SigningOptions options{.scope = {"us-east-1", "s3"},
                               .now = *ParseInstant("2013-05-24T00:00:00Z"),
                               .payload = PayloadHash::kChunked,
                               .decoded_bytes = 66'560};
  const std::string seed = SignRequest(request, credentials, options);
  EXPECT_EQ(request.headers.GetOr("Content-Length", ""), "66824");
  EXPECT_EQ(seed, "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9");
  ChunkSigner signer(credentials, options, seed);
  const std::string first = signer.Frame(std::string(65'536, 'a'));
  const std::string second = signer.Frame(std::string(1024, 'a'));
  const std::string last = signer.Frame("");
  EXPECT_TRUE(
      first.starts_with("10000;chunk-signature="
                        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n"));
  EXPECT_TRUE(second.starts_with(
      "400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n"));
  EXPECT_EQ(last,
            "0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n"
            "\r\n");
  EXPECT_EQ(first.size() + second.size() + last.size(), 66'824U);
}

// Source: Amazon S3 API Reference, "Authenticating Requests: Using Query Parameters", the example.
TEST(SigV4, PresignsTheS3Example) {
  const std::string url =
      PresignUrl("GET", "https://examplebucket.s3.amazonaws.com/test.txt",
                 Example("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
                 {.scope = {"us-east-1", "s3"}, .now = *ParseInstant("2013-05-24T00:00:00Z")},
                 std::chrono::hours(24));
  EXPECT_TRUE(url.ends_with(
      "X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"))
      << url;
}

TEST(SigV4, SigningAgainReplacesWhatWasSigned) {
  const Credentials credentials = Example("AK", "SK");
  net::Request once;
  once.url = "https://sts.eu-central-1.amazonaws.com/";
  once.body = "Action=GetCallerIdentity";
  net::Request twice = once;
  const SigningOptions options{.scope = {"eu-central-1", "sts"},
                               .now = *ParseInstant("2026-11-25T00:00:00Z")};
  SignRequest(once, credentials, options);
  SignRequest(twice, credentials, options);
  SignRequest(twice, credentials, options);
  EXPECT_EQ(SignatureOf(once), SignatureOf(twice));
  EXPECT_EQ(once.headers.all().size(), twice.headers.all().size());
}

TEST(Uri, PathsAndQueriesAreMadeCanonical) {
  EXPECT_EQ(NormalPath("/a/./b/../c//d/"), "/a/c/d/");
  EXPECT_EQ(NormalPath(""), "/");
  EXPECT_EQ(NormalPath("/../.."), "/");
  EXPECT_EQ(CanonicalQuery("b=2&a&a=1&dt=2024%2F01&x=a+b"), "a=&a=1&b=2&dt=2024%2F01&x=a%2Bb");
  EXPECT_EQ(UriEncode("/dt=2024/ä", "/"), "/dt%3D2024/%C3%A4");
  EXPECT_EQ(UriDecode("%2fa%zz%2"), "/a%zz%2");
  const UrlParts url = SplitUrl("https://h:443/p?q=1#f");
  EXPECT_EQ(url.host, "h");
  EXPECT_EQ(url.path, "/p");
  EXPECT_EQ(url.query, "q=1");
  EXPECT_EQ(SplitUrl("http://127.0.0.1:5055").host, "127.0.0.1:5055");
}

}  // namespace
}  // namespace firn::aws
