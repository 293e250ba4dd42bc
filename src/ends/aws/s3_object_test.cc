// What could go wrong in production: a put whose answer was lost is taken for somebody else's
// object, or somebody else's for ours; an upload that S3 refused after it said 200 counts as done;
// parts of a broken upload cost money for ever.
#include "ends/aws/s3_object.h"

#include <gtest/gtest.h>

#include "ends/aws/testing/scripted_client.h"

namespace firn::aws {
namespace {

constexpr std::string_view kTaken = "<Error><Code>PreconditionFailed</Code></Error>";

class S3Object : public ScriptedClientTest {
 protected:
  S3Upload ThreeParts() {
    return {.bytes = 25, .part_bytes = 10, .read = [](const S3Range& part) -> Result<std::string> {
              return std::string(static_cast<size_t>(part.bytes), 'x');
            }};
  }
  const net::Request& Sent(size_t number) { return transport_.requests().at(number); }

  const S3Name name_{"lake", "a b/ä.parquet"};
};

TEST_F(S3Object, ANewObjectIsRefusedWhereOneIs) {
  transport_.Add(412, std::string(kTaken));
  transport_.Add(200, "", {{"Content-Length", "3"}, {"x-amz-meta-firn-write", "theirs"}});
  const auto done = CreateS3Object(call_, *client_, name_, "ours", "abc");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), "AWS-S3-001");
  EXPECT_EQ(done.error().kind(), Kind::kConflict);
  EXPECT_EQ(Sent(0).headers.GetOr("If-None-Match", ""), "*");
  EXPECT_EQ(Sent(0).url, "https://s3.eu-central-1.amazonaws.com/lake/a%20b/%C3%A4.parquet");
}

TEST_F(S3Object, APutWhoseAnswerWasLostKnowsItsObjectAgain) {
  transport_.Add(503, "<Error><Code>InternalError</Code></Error>");
  transport_.Add(412, std::string(kTaken));
  transport_.Add(200, "", {{"Content-Length", "3"}, {"x-amz-meta-firn-write", "ours"}});
  EXPECT_TRUE(CreateS3Object(call_, *client_, name_, "ours", "abc"));
}

TEST_F(S3Object, AnUploadIsCompletedWithItsPartsInOrder) {
  transport_.Add(200, "<R><UploadId>u/1</UploadId></R>");
  for (const char* etag : {"e1", "e2", "e3"}) transport_.Add(200, "", {{"ETag", etag}});
  transport_.Add(200, "<CompleteMultipartUploadResult/>");
  const auto done = UploadS3Object(call_, *client_, name_, "ours", ThreeParts());
  ASSERT_TRUE(done) << done.error().OneLine();
  EXPECT_EQ(Sent(3).body.size(), 5U);
  EXPECT_NE(Sent(3).url.find("partNumber=3&uploadId=u%2F1"), std::string::npos) << Sent(3).url;
  EXPECT_NE(Sent(4).body.find("<PartNumber>3</PartNumber><ETag>e3</ETag>"), std::string::npos);
  EXPECT_EQ(Sent(4).headers.GetOr("If-None-Match", ""), "*");
}

TEST_F(S3Object, AnErrorInsideOfA200IsAnErrorAndTheUploadIsAborted) {
  transport_.Add(200, "<R><UploadId>u</UploadId></R>");
  for (int i = 0; i < 3; ++i) transport_.Add(200, "", {{"ETag", "e"}});
  transport_.Add(200, "<Error><Code>InternalError</Code><Message>m</Message></Error>");
  transport_.Add(404, "");
  transport_.Add(204, "");
  const auto done = UploadS3Object(call_, *client_, name_, "ours", ThreeParts());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().remote().api_code, "InternalError");
  EXPECT_EQ(Sent(6).method, "DELETE");
  EXPECT_NE(Sent(6).url.find("uploadId=u"), std::string::npos);
}

TEST_F(S3Object, ACompletionWhoseAnswerWasLostIsFoundByItsMark) {
  transport_.Add(200, "<R><UploadId>u</UploadId></R>");
  for (int i = 0; i < 3; ++i) transport_.Add(200, "", {{"ETag", "e"}});
  transport_.Add(404, "<Error><Code>NoSuchUpload</Code></Error>");
  transport_.Add(200, "", {{"Content-Length", "25"}, {"x-amz-meta-firn-write", "ours"}});
  EXPECT_TRUE(UploadS3Object(call_, *client_, name_, "ours", ThreeParts()));
}

// Numbers its signatures, and signs nothing any more once it was told to forget.
class NumberingSigner final : public RequestSigner {
 public:
  Result<void> Sign(const Call&, const std::string& region, net::Request& request) override {
    request.headers.Set("Authorization", region + " " + std::to_string(++signed_));
    return {};
  }
  void Forget() override { ++forgotten_; }

  int signed_ = 0;
  int forgotten_ = 0;
};

TEST_F(S3Object, ASignerSignsEachTryInPlaceOfCredentials) {
  NumberingSigner signer;
  ClientParts parts;
  parts.transport = &transport_;
  parts.signer = &signer;
  parts.environment = Environment([](const std::string&) { return std::nullopt; });
  parts.region = "eu-west-1";
  AwsClient client(std::move(parts));
  transport_.Add(503, "<Error><Code>SlowDown</Code></Error>");
  transport_.Add(403, "<Error><Code>RequestTimeTooSkewed</Code></Error>",
                 {{"Date", "Thu, 26 Nov 2026 04:00:00 GMT"}});
  transport_.Add(200, "abc");
  const auto read = GetS3Object(call_, client, name_, std::nullopt, 100);
  ASSERT_TRUE(read) << read.error().OneLine();
  EXPECT_EQ(Sent(0).headers.GetOr("Authorization", ""), "eu-west-1 1");
  EXPECT_EQ(Sent(2).headers.GetOr("Authorization", ""), "eu-west-1 3");
  EXPECT_EQ(signer.forgotten_, 1);
  EXPECT_EQ(client.clock_skew().count(), 0);  // the time is the signer's
}

TEST_F(S3Object, AListingGoesOnFromPageToPage) {
  transport_.Add(200,
                 "<ListBucketResult><Contents><Key>p/a</Key><Size>5</Size><LastModified>"
                 "2026-11-26T01:00:00.000Z</LastModified></Contents><IsTruncated>true"
                 "</IsTruncated><NextContinuationToken>t=</NextContinuationToken>"
                 "</ListBucketResult>");
  transport_.Add(200,
                 "<ListBucketResult><Contents><Key>p/b</Key><Size>6</Size></Contents>"
                 "</ListBucketResult>");
  std::vector<S3Listed> found;
  ASSERT_TRUE(ListS3Objects(call_, *client_, "lake", "p/", [&](const S3Listed& each) {
    found.push_back(each);
    return Result<void>();
  }));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].key, "p/a");
  EXPECT_EQ(found[1].bytes, 6);
  EXPECT_NE(Sent(1).url.find("continuation-token=t%3D"), std::string::npos);
}

}  // namespace
}  // namespace firn::aws
