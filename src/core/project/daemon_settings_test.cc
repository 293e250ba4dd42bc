// What could go wrong in production: a job that is read in another sense than it was written, and
// so runs against the wrong org, or never.
#include <gtest/gtest.h>

#include "core/project/project.h"
#include "core/project/test_yaml.h"

namespace firn::project {
namespace {

constexpr std::string_view kSecondOrg = R"(
  - id: desk
    login_url: http://127.0.0.1:8080
    auth: {client_id: a, username: u, key: "${file:k.pem}"}
)";

class DaemonYaml : public YamlTest {
 protected:
  Result<Project> Read(std::string_view text, bool two_orgs = false) {
    return LoadWith(std::string(two_orgs ? kSecondOrg : "").append(text));
  }
  std::string Code(std::string_view text, bool two_orgs = false) {
    return CodeOf(Read(text, two_orgs));
  }
};

TEST_F(DaemonYaml, WithoutASectionThereAreDefaultsAndNoJobs) {
  const auto project = Read("");
  ASSERT_TRUE(project) << project.error().OneLine();
  EXPECT_TRUE(project->schedules.empty());
  EXPECT_EQ(project->daemon.listen_address, "127.0.0.1");
  EXPECT_EQ(project->daemon.listen_port, 9464);
  EXPECT_EQ(project->daemon.limits_every, std::chrono::hours(1));
  EXPECT_EQ(project->daemon.cloudwatch, CloudWatchMode::kOff);
}

TEST_F(DaemonYaml, JobsAreReadAsTheyAreWritten) {
  const auto project = Read(R"(
schedules:
  - {name: changes, when: rate(5 minutes), objects: [Account, Contact], mode: incremental}
  - {name: tidy, job: maintain, when: 'cron(0 3 * * ? *)', time_zone: Europe/Berlin}
daemon:
  listen: "[::1]:0"
  limits_every: 0s
  cloudwatch: {mode: put, namespace: Acme}
)");
  ASSERT_TRUE(project) << project.error().OneLine();
  ASSERT_EQ(project->schedules.size(), 2U);
  EXPECT_EQ(project->schedules[0].org, "prod");
  EXPECT_EQ(project->schedules[0].objects, (std::vector<std::string>{"Account", "Contact"}));
  EXPECT_EQ(project->schedules[0].mode, ExportMode::kIncremental);
  EXPECT_EQ(project->schedules[1].kind, JobKind::kMaintain);
  EXPECT_EQ(project->schedules[1].time_zone, "Europe/Berlin");
  EXPECT_EQ(project->schedules[1].org, "");
  EXPECT_EQ(project->daemon.listen_address, "::1");
  EXPECT_EQ(project->daemon.limits_every.count(), 0);
  EXPECT_EQ(project->daemon.cloudwatch, CloudWatchMode::kPut);
  EXPECT_EQ(project->daemon.cloudwatch_namespace, "Acme");
}

TEST_F(DaemonYaml, WhatCannotBeMeantIsRefused) {
  EXPECT_EQ(Code("schedules: [{name: a, when: rate(1 day), org: prd}]"), "PROJECT-ORG-001");
  EXPECT_EQ(Code("schedules: [{name: a, when: rate(1 day)}]", true), "PROJECT-ORG-002");
  EXPECT_EQ(Code("schedules: [{name: A b, when: rate(1 day)}]"), "PROJECT-NAME-001");
  EXPECT_EQ(Code("schedules: [{name: a, when: rate(1 day)}, {name: a, when: rate(1 day)}]"),
            "PROJECT-NAME-002");
  EXPECT_EQ(Code("schedules: [{name: a, job: maintain, when: rate(1 day), sweep: true}]"),
            "PROJECT-JOB-001");
  EXPECT_EQ(Code("daemon: {listen: 9464}"), "PROJECT-LISTEN-001");
  EXPECT_EQ(Code("daemon: {listen: \"host:99999\"}"), "PROJECT-LISTEN-001");
  EXPECT_EQ(Code("daemon: {memory: 1MiB}"), "CONFIG-VALUE-002");
}

}  // namespace
}  // namespace firn::project
