// What could go wrong in production: a token stands in firn.yaml in clear; a slip in the address is
// found out when the dashboards are empty.
#include <gtest/gtest.h>

#include "core/project/services.h"
#include "core/project/test_yaml.h"

namespace firn::project {
namespace {

class OtlpYaml : public YamlTest {
 protected:
  Result<OtlpSettings> Read(std::string_view text) {
    FIRN_TRY(const Project project, LoadWith(text));
    FIRN_TRY(const Services services, LoadServices(project));
    return services.otlp;
  }
  std::string Code(std::string_view text) { return CodeOf(Read(text)); }
};

TEST_F(OtlpYaml, WithoutASectionThereIsNoEndpoint) {
  const auto settings = Read("");
  ASSERT_TRUE(settings) << settings.error().OneLine();
  EXPECT_EQ(settings->endpoint, "");
  EXPECT_FALSE(settings->metrics_every);
}

TEST_F(OtlpYaml, ItIsReadAsItIsWritten) {
  const auto settings = Read(R"(
daemon:
  otlp:
    endpoint: https://collector.example.com:4317
    protocol: grpc
    headers: {X-Scope-OrgID: sales}
    secret_headers: [{name: Authorization, value: "${file:token}"}]
    compression: none
    ca_file: ca.pem
    resource: {team: data}
    traces: false
    metrics_every: 15s
)");
  ASSERT_TRUE(settings) << settings.error().OneLine();
  EXPECT_EQ(settings->protocol, "grpc");
  EXPECT_EQ(settings->headers.at("X-Scope-OrgID"), "sales");
  ASSERT_EQ(settings->secret_headers.size(), 1U);
  EXPECT_EQ(settings->secret_headers[0].first, "Authorization");
  EXPECT_EQ(settings->secret_headers[0].second.name, "token");
  EXPECT_FALSE(settings->gzip);
  EXPECT_EQ(settings->ca_file, (folder_ / "ca.pem").string());
  EXPECT_EQ(settings->resource.at("team"), "data");
  EXPECT_FALSE(settings->traces);
  EXPECT_TRUE(settings->metrics);
  EXPECT_EQ(settings->metrics_every, std::chrono::seconds(15));
}

TEST_F(OtlpYaml, EveryMistakeIsNamed) {
  EXPECT_EQ(Code("daemon: {otlp: {endpoint: \"collector:4318\"}}"), "PROJECT-OTLP-001");
  EXPECT_EQ(Code("daemon: {otlp: {endpoint: \"http://ada:pw@c:4318\"}}"), "PROJECT-OTLP-001");
  EXPECT_EQ(Code("daemon: {otlp: {protocol: grpc}}"), "PROJECT-OTLP-001");
  EXPECT_EQ(Code("daemon: {otlp: {endpoint: \"http://c\", headers: {\"a b\": c}}}"),
            "PROJECT-OTLP-001");
  EXPECT_EQ(Code("daemon: {otlp: {endpoint: \"http://c\", "
                 "secret_headers: [{name: Authorization, value: Bearer abc}]}}"),
            "CONFIG-VALUE-003");
  EXPECT_EQ(Code("daemon: {otlp: {endpoint: \"http://c\", protocol: http/json}}"),
            "CONFIG-VALUE-001");
  EXPECT_EQ(Code("daemon: {otlp: {endpoint: \"c:4317\", protocol: grpc}}"), "none");
}

}  // namespace
}  // namespace firn::project
