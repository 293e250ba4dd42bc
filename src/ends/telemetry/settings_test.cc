// What could go wrong in production: a token meant for one collector goes to another; nothing is
// sent because a variable is read in another sense than every other program reads it; a password of
// a URL ends in a log.
#include "ends/telemetry/settings.h"

#include <gtest/gtest.h>

namespace firn::telemetry {
namespace {

using std::chrono::milliseconds;
using Variables = std::map<std::string, std::string>;

Result<Settings> Make(const Variables& variables, const ProjectSettings& project = {}) {
  return MakeSettings(project, [&](const std::string& name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

std::string Code(const Variables& variables, const ProjectSettings& project = {}) {
  const auto made = Make(variables, project);
  return made ? "none" : made.error().code();
}

std::string ResourceOf(const Settings& settings, const std::string& key) {
  for (const auto& [name, value] : settings.resource) {
    if (name == key) return value;
  }
  return "";
}

TEST(OtlpSettings, WithoutAnEndpointNothingIsSent) {
  const auto made = Make({{"OTEL_SERVICE_NAME", "lake"}, {"OTEL_TRACES_EXPORTER", "otlp"}});
  ASSERT_TRUE(made);
  EXPECT_FALSE(made->traces.on);
  EXPECT_FALSE(made->metrics.on);
}

TEST(OtlpSettings, ABaseEndpointGetsThePathOfEachSignal) {
  const auto made = Make({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/otlp/"}});
  ASSERT_TRUE(made);
  EXPECT_EQ(made->traces.endpoint, "http://collector:4318/otlp/v1/traces");
  EXPECT_EQ(made->metrics.endpoint, "http://collector:4318/otlp/v1/metrics");
  EXPECT_TRUE(made->traces.gzip);
}

TEST(OtlpSettings, ASignalsOwnVariablesCountBeforeThoseOfBoth) {
  const auto made = Make({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://both:4318"},
                          {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://own.example.com/x"},
                          {"OTEL_EXPORTER_OTLP_HEADERS", "api-key=all"},
                          {"OTEL_EXPORTER_OTLP_TRACES_HEADERS", "API-Key=own%20key, b = c"},
                          {"OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "none"},
                          {"OTEL_EXPORTER_OTLP_TIMEOUT", "2500"},
                          {"OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "/ca.pem"}});
  ASSERT_TRUE(made);
  EXPECT_EQ(made->traces.endpoint, "https://own.example.com/x");
  ASSERT_EQ(made->traces.headers.size(), 2U);
  EXPECT_EQ(made->traces.headers[0].first, "api-key");
  EXPECT_EQ(made->traces.headers[0].second.Reveal(), "own key");
  EXPECT_EQ(made->traces.headers[1].second.Reveal(), "c");
  EXPECT_EQ(made->traces.ca_file, "/ca.pem");
  EXPECT_EQ(made->traces.timeout, milliseconds(2500));
  EXPECT_EQ(made->metrics.headers.at(0).second.Reveal(), "all");
  EXPECT_FALSE(made->metrics.gzip);
}

TEST(OtlpSettings, OverGrpcAnEndpointIsAHostAndAPort) {
  const auto clear = Make({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4317"},
                           {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}});
  ASSERT_TRUE(clear);
  EXPECT_EQ(clear->traces.endpoint, "127.0.0.1:4317");
  EXPECT_TRUE(clear->traces.clear);
  const auto tls = Make({{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector.example.com"},
                         {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}});
  ASSERT_TRUE(tls);
  EXPECT_EQ(tls->metrics.endpoint, "collector.example.com:443");
  EXPECT_FALSE(tls->metrics.clear);
  const auto plain = Make({{"OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317"},
                           {"OTEL_EXPORTER_OTLP_INSECURE", "TRUE"},
                           {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}});
  ASSERT_TRUE(plain);
  EXPECT_TRUE(plain->traces.clear);
}

TEST(OtlpSettings, EitherSignalCanBeSwitchedOff) {
  const Variables base = {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"}};
  const auto with = [&](const std::string& name, const std::string& value) {
    Variables all = base;
    all[name] = value;
    return *Make(all);
  };
  EXPECT_FALSE(with("OTEL_TRACES_EXPORTER", "none").traces.on);
  EXPECT_TRUE(with("OTEL_TRACES_EXPORTER", "none").metrics.on);
  EXPECT_TRUE(with("OTEL_TRACES_EXPORTER", "console, otlp").traces.on);
  EXPECT_FALSE(with("OTEL_METRICS_EXPORTER", "prometheus").metrics.on);
  EXPECT_TRUE(with("OTEL_METRICS_EXPORTER", "prometheus").warnings.empty());
  EXPECT_EQ(with("OTEL_TRACES_EXPORTER", "zipkin").warnings.size(), 1U);
  const auto off = with("OTEL_SDK_DISABLED", "True");
  EXPECT_FALSE(off.traces.on || off.metrics.on);
  ProjectSettings project;
  project.traces = false;
  EXPECT_FALSE(Make(base, project)->traces.on);
}

TEST(OtlpSettings, HeadersOfTheEnvironmentNeverGoToTheProjectsEndpoint) {
  ProjectSettings project;
  project.endpoint = "http://ours:4318";
  const auto made = Make({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://theirs:4318"},
                          {"OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20theirs"},
                          {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://theirs:4318/v1/traces"}},
                         project);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->traces.endpoint, "http://ours:4318/v1/traces");
  EXPECT_TRUE(made->traces.headers.empty());
}

TEST(OtlpSettings, TheProjectsNamesCountBeforeTheEnvironments) {
  ProjectSettings project;
  project.resource = {{"team", "data"}};
  const auto made = Make({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"},
                          {"OTEL_RESOURCE_ATTRIBUTES", "team=x,host.name=a%2Cb,service.name=y"},
                          {"OTEL_SERVICE_NAME", "lake"}},
                         project);
  ASSERT_TRUE(made);
  EXPECT_EQ(ResourceOf(*made, "team"), "data");
  EXPECT_EQ(ResourceOf(*made, "host.name"), "a,b");
  EXPECT_EQ(ResourceOf(*made, "service.name"), "lake");
  project.service_name = "firn-prod";
  EXPECT_EQ(ResourceOf(*Make({{"OTEL_SERVICE_NAME", "lake"}}, project), "service.name"),
            "firn-prod");
  EXPECT_EQ(ResourceOf(*Make({}), "service.name"), "firn");
}

TEST(OtlpSettings, WhatCannotBeUsedIsRefusedWithoutRepeatingIt) {
  EXPECT_EQ(Code({{"OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"}}), "OTLP-SETTING-001");
  EXPECT_EQ(Code({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://"}}), "OTLP-SETTING-001");
  EXPECT_EQ(Code({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4317/v1/traces"},
                  {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}}),
            "OTLP-SETTING-001");
  EXPECT_EQ(Code({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"},
                  {"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/json"}}),
            "OTLP-SETTING-002");
  const auto secret = Make({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://ada:hunter2@c:4318"}});
  ASSERT_FALSE(secret);
  EXPECT_EQ(secret.error().OneLine().find("hunter2"), std::string::npos);
  EXPECT_NE(secret.error().OneLine().find("OTEL_EXPORTER_OTLP_ENDPOINT"), std::string::npos);
}

TEST(OtlpSettings, AVariableThatMakesNoSenseIsToldAndDoesNotCount) {
  const auto made = Make({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"},
                          {"OTEL_EXPORTER_OTLP_HEADERS", "lonely, bad name=s3cret,ok=1,%=%zz"},
                          {"OTEL_METRIC_EXPORT_INTERVAL", "often"},
                          {"OTEL_BSP_MAX_QUEUE_SIZE", "0"},
                          {"OTEL_EXPORTER_OTLP_COMPRESSION", "brotli"},
                          {"OTEL_TRACES_SAMPLER", "jaeger_remote"}});
  ASSERT_TRUE(made);
  EXPECT_EQ(made->metrics_every, milliseconds(60'000));
  EXPECT_EQ(made->spans_waiting_max, 2'048U);
  EXPECT_EQ(made->share, 1);
  ASSERT_EQ(made->traces.headers.size(), 1U);
  EXPECT_GE(made->warnings.size(), 6U);
  for (const std::string& warning : made->warnings)
    EXPECT_EQ(warning.find("s3cret"), std::string::npos) << warning;
}

TEST(OtlpSettings, BatchesAndSamplingFollowTheEnvironment) {
  const auto made = Make({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"},
                          {"OTEL_BSP_SCHEDULE_DELAY", "100"},
                          {"OTEL_BSP_MAX_QUEUE_SIZE", "64"},
                          {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "128"},
                          {"OTEL_METRIC_EXPORT_INTERVAL", "500"},
                          {"OTEL_TRACES_SAMPLER", "parentbased_traceidratio"},
                          {"OTEL_TRACES_SAMPLER_ARG", "0.25"}});
  ASSERT_TRUE(made);
  EXPECT_EQ(made->traces_every, milliseconds(100));
  EXPECT_EQ(made->spans_waiting_max, 64U);
  EXPECT_EQ(made->spans_per_batch, 64U);
  EXPECT_EQ(made->metrics_every, milliseconds(500));
  EXPECT_EQ(made->share, 0.25);
  EXPECT_TRUE(made->warnings.empty());
}

}  // namespace
}  // namespace firn::telemetry
