// What could go wrong in production: two topics feed one table and every change counts twice; a
// catalog that everybody may write to listens at every address.
#include <gtest/gtest.h>

#include "core/project/services.h"
#include "core/project/test_yaml.h"

namespace firn::project {
namespace {

class ServicesYaml : public YamlTest {
 protected:
  Result<Services> Read(std::string_view text) {
    FIRN_TRY(const Project project, LoadWith(text));
    return LoadServices(project);
  }
  std::string Code(std::string_view text) { return CodeOf(Read(text)); }
};

TEST_F(ServicesYaml, WithoutASectionNothingIsFollowedOrServed) {
  const auto services = Read("");
  ASSERT_TRUE(services) << services.error().OneLine();
  EXPECT_TRUE(services->events.empty());
  EXPECT_EQ(services->catalog.listen_address, "");
}

TEST_F(ServicesYaml, AManagedSubscriptionIsNamedByWhatCanBeItsName) {
  const auto services = Read("events:\n  - managed: FirnChanges\n");
  ASSERT_TRUE(services) << services.error().OneLine();
  EXPECT_EQ(services->events.at(0).managed, "FirnChanges");
  EXPECT_EQ(Code("events:\n  - managed: \"Firn' OR\"\n"), "PROJECT-EVENTS-005");
}

TEST_F(ServicesYaml, TheTopicFollowsFromTheObjects) {
  const auto services = Read(R"(
events:
  - {objects: [Widget__c], commit_every: 5s, on_lost: backfill}
  - {objects: [Account, Contact], whole_transactions: true}
  - {topic: /event/Order__e}
)");
  ASSERT_TRUE(services) << services.error().OneLine();
  ASSERT_EQ(services->events.size(), 3U);
  EXPECT_EQ(services->events[0].topic, "/data/Widget__ChangeEvent");
  EXPECT_EQ(services->events[0].org, "prod");
  EXPECT_EQ(services->events[0].commit_every, std::chrono::seconds(5));
  EXPECT_TRUE(services->events[0].backfill_lost);
  EXPECT_EQ(services->events[1].topic, kTopicOfAllChanges);
  EXPECT_TRUE(services->events[1].whole_transactions);
  EXPECT_FALSE(services->events[2].of_changes());
}

TEST_F(ServicesYaml, TheAccountKeepsItsZerosAndEveryPartitionsRegionFits) {
  const auto services = Read(R"(
events:
  - {topic: /event/A__e, account: 012345678901, region: us-gov-west-1}
  - {topic: /event/B__e, region: cn-north-1}
)");
  ASSERT_TRUE(services) << services.error().OneLine();
  EXPECT_EQ(services->events[0].account, "012345678901");
  EXPECT_EQ(services->events[0].region, "us-gov-west-1");
  EXPECT_EQ(services->events[1].account, "");
  EXPECT_EQ(services->events[1].region, "cn-north-1");
}

TEST_F(ServicesYaml, EveryMistakeInEventsIsNamed) {
  EXPECT_EQ(Code("events: [{topic: AccountChangeEvent}]"), "PROJECT-EVENTS-001");
  EXPECT_EQ(Code("events: [{topic: /event/Order__e, objects: [Account]}]"), "PROJECT-EVENTS-002");
  EXPECT_EQ(Code("events: [{topic: /event/A__e}, {topic: /event/A__e}]"), "PROJECT-EVENTS-003");
  EXPECT_EQ(Code("events: [{objects: [Account]}, {objects: [Account, Contact]}]"),
            "PROJECT-EVENTS-004");
  EXPECT_EQ(Code("events: [{objects: [Account]}, {}]"), "PROJECT-EVENTS-004");
  EXPECT_EQ(Code("events: [{account: 1234}]"), "PROJECT-EVENTS-006");
  EXPECT_EQ(Code("events: [{account: 12345678901x}]"), "PROJECT-EVENTS-006");
  EXPECT_EQ(Code("events: [{region: Frankfurt}]"), "PROJECT-EVENTS-006");
  EXPECT_EQ(Code("events: [{region: eu-central-}]"), "PROJECT-EVENTS-006");
  EXPECT_EQ(Code("events: [{org: other}]"), "PROJECT-ORG-001");
  EXPECT_EQ(Code("events: [{objects: [Account]}, {objects: [Contact]}]"), "none");
}

TEST_F(ServicesYaml, ACatalogIsNotOpenToEverybodyByMistake) {
  EXPECT_EQ(Code("daemon: {catalog: {listen: \"0.0.0.0:8181\"}}"), "PROJECT-CATALOG-002");
  EXPECT_EQ(Code("daemon: {catalog: {listen: \"0.0.0.0:8181\", anyone: true}}"), "none");
  EXPECT_EQ(Code("daemon: {catalog: {listen: \"127.0.0.1:0\", tls_cert: a.pem}}"),
            "PROJECT-CATALOG-001");
  EXPECT_EQ(Code("daemon: {catalog: {listen: 8181}}"), "PROJECT-LISTEN-001");
  const auto services = Read("daemon: {catalog: {listen: \"[::1]:8181\", principals: who.yaml}}");
  ASSERT_TRUE(services) << services.error().OneLine();
  EXPECT_EQ(services->catalog.listen_address, "::1");
  EXPECT_EQ(services->catalog.listen_port, 8181);
  EXPECT_EQ(services->catalog.principals, (folder_ / "who.yaml").string());
}

}  // namespace
}  // namespace firn::project
