// What could go wrong in production: an engine whose token has run out gives up instead of signing
// in again, or signs in again and again because the server's own keys have.
#include "patterns/federation/error_model.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace firn::federation {
namespace {

TEST(ErrorModelTest, ExpiredTokenIsAnsweredAsNotAuthorized) {
  // Source: REST catalog spec, `UnauthorizedResponse` and `AuthenticationTimeoutResponse`: 401 is
  // preferred over 419, and the one that the Rust, DuckDB and Java clients know.
  const auto answer =
      ErrorAnswerFor(Error(Kind::kExpired, "CAT-AUTH-002", "the token has expired"));
  EXPECT_EQ(answer.status, 401);
  const auto error = nlohmann::json::parse(answer.body).at("error");
  EXPECT_EQ(error.at("type"), "NotAuthorizedException");
  EXPECT_EQ(error.at("code"), 401);
}

TEST(ErrorModelTest, ServersOwnExpiredKeysAreNoFaultOfTheClient) {
  const auto answer = ErrorAnswerFor(Error(Kind::kExpired, "AWS-AUTH-001", "credentials expired"));
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(nlohmann::json::parse(answer.body).at("error").at("type"),
            "ServiceUnavailableException");
}

}  // namespace
}  // namespace firn::federation
