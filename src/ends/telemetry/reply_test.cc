// What could go wrong in production: a collector that is overloaded is asked again at once, one
// that refuses is asked for ever, and rejected spans are taken for sent.
#include "ends/telemetry/reply.h"

#include <gtest/gtest.h>

#include "ends/telemetry/channel.h"
#include "otlp.pb.h"

namespace firn::telemetry {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Reply OfStatus(int status, net::Headers headers = {}, std::string body = {}) {
  return ReplyOfHttp(net::Response{status, std::move(headers), std::move(body), "1.1"});
}

std::string Retriable(int32_t wait_seconds, int32_t nanos) {
  otlp::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(wait_seconds);
  info.mutable_retry_delay()->set_nanos(nanos);
  otlp::RpcStatus status;
  status.set_code(8);
  otlp::Detail* detail = status.add_details();
  detail->set_type_url("type.googleapis.com/google.rpc.RetryInfo");
  detail->set_value(info.SerializeAsString());
  return status.SerializeAsString();
}

TEST(Replies, OnlyTheFourStatusesOfTheSpecificationAreTriedAgain) {
  for (const int status : {429, 502, 503, 504})
    EXPECT_EQ(OfStatus(status).kind, Reply::Kind::kRetry) << status;
  for (const int status : {301, 400, 401, 404, 408, 413, 500, 501})
    EXPECT_EQ(OfStatus(status).kind, Reply::Kind::kRefused) << status;
  for (const int status : {200, 202})
    EXPECT_EQ(OfStatus(status).kind, Reply::Kind::kTaken) << status;
}

TEST(Replies, RetryAfterIsSecondsOrADate) {
  EXPECT_EQ(OfStatus(503, {{"Retry-After", "7"}}).retry_after, seconds(7));
  EXPECT_EQ(OfStatus(429, {{"Date", "Tue, 24 Nov 2026 03:13:04 GMT"},
                           {"Retry-After", "Tue, 24 Nov 2026 03:13:34 GMT"}})
                .retry_after,
            seconds(30));
  EXPECT_EQ(OfStatus(503, {{"Retry-After", "-3"}}).retry_after, std::nullopt);
  EXPECT_EQ(OfStatus(503, {{"Retry-After", "soon"}}).retry_after, std::nullopt);
  EXPECT_EQ(OfStatus(503, {{"Retry-After", "999999999"}}).retry_after, std::chrono::hours(1));
}

TEST(Replies, APartialSuccessIsTakenAndItsRejectsCount) {
  otlp::ExportResponse response;
  response.mutable_partial_success()->set_rejected(3);
  response.mutable_partial_success()->set_error_message("too\nold");
  const Reply reply = OfStatus(200, {}, response.SerializeAsString());
  EXPECT_EQ(reply.kind, Reply::Kind::kTaken);
  EXPECT_EQ(reply.rejected, 3);
  EXPECT_EQ(reply.said, "too old");
  EXPECT_EQ(ReplyOfGrpc({.code = 0, .body = response.SerializeAsString()}).rejected, 3);
  EXPECT_EQ(OfStatus(200, {}, "<html>").kind, Reply::Kind::kTaken);
}

TEST(Replies, ARefusalIsToldInOnePrintableLine) {
  otlp::RpcStatus status;
  status.set_message("bad\r\n\x01resource" + std::string(500, 'x'));
  const Reply reply =
      OfStatus(400, {{"Content-Type", "application/x-protobuf"}}, status.SerializeAsString());
  EXPECT_TRUE(reply.said.starts_with("HTTP status 400: bad   resource")) << reply.said;
  EXPECT_LT(reply.said.size(), 260U);
}

TEST(Replies, AConnectionThatFailsIsTriedAgain) {
  const Reply away = ReplyOfHttp(Fail(Kind::kUnreachable, "NET-HTTP-001", "no connection"));
  EXPECT_EQ(away.kind, Reply::Kind::kRetry);
  EXPECT_EQ(away.said, "NET-HTTP-001 no connection");
  const Reply wrong = ReplyOfHttp(Fail(Kind::kBadInput, "NET-HTTP-005", "a malformed URL"));
  EXPECT_EQ(wrong.kind, Reply::Kind::kRefused);
}

TEST(Replies, GrpcStatusesAreTriedAgainAsTheSpecificationLists) {
  for (const int code : {1, 4, 10, 11, 14, 15})
    EXPECT_EQ(ReplyOfGrpc({.code = code}).kind, Reply::Kind::kRetry) << code;
  for (const int code : {2, 3, 5, 6, 7, 8, 9, 12, 13, 16})
    EXPECT_EQ(ReplyOfGrpc({.code = code}).kind, Reply::Kind::kRefused) << code;
  const Reply throttled = ReplyOfGrpc({.code = 8, .details = Retriable(2, 500'000'000)});
  EXPECT_EQ(throttled.kind, Reply::Kind::kRetry);
  EXPECT_EQ(throttled.retry_after, milliseconds(2'500));
}

TEST(Replies, ACollectorThatRepeatsATokenDoesNotPutItInTheLog) {
  HeaderList headers;
  headers.emplace_back("authorization", Secret("Bearer t0p-s3cret"));
  EXPECT_EQ(WithoutSecrets("who is t0p-s3cret, Bearer t0p-s3cret?", headers), "who is ***, ***?");
}

}  // namespace
}  // namespace firn::telemetry
