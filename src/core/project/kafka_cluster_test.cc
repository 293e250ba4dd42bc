// What could go wrong in production: a password sent in clear, a setting that counts for nothing
// and nobody says so, or a topic that no broker takes.
#include "core/project/kafka_cluster.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/project/rules.h"
#include "tests/support/test_folder.h"

namespace firn::project {
namespace {

class KafkaFolder : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_ / "rules");
    std::filesystem::create_directories(folder_ / "kafka");
  }

  RuleSet Load(std::string_view cluster, std::string_view parameters = R"({"Topic": "orders"})",
               std::string_view arn = "firn:kafka/shop") {
    std::ofstream(folder_ / "kafka/shop.json") << cluster;
    std::ofstream(folder_ / "rules/r.json")
        << R"({"EventPattern": {"a": [1]}, "Targets": [{"Id": "t", "Arn": ")" << arn
        << R"(", "KafkaParameters": )" << parameters << "}]}";
    problems_.clear();
    return LoadRules(folder_.string(), {}, &problems_);
  }
  // `code where what`, of the first problem.
  std::string Problem(std::string_view cluster,
                      std::string_view parameters = R"({"Topic": "orders"})",
                      std::string_view arn = "firn:kafka/shop") {
    (void)Load(cluster, parameters, arn);
    if (problems_.empty()) return "no problem";
    const Error& error = problems_.front();
    return error.code() + " " + error.where() + " " + error.what();
  }

  TestFolder temporary_;
  std::filesystem::path folder_ = temporary_.path();
  config::Problems problems_;
};

constexpr std::string_view kPlain =
    R"({"BootstrapServers": ["127.0.0.1:9092"], "SecurityProtocol": "PLAINTEXT"})";

TEST_F(KafkaFolder, AClusterIsReadWithItsSecretsByReference) {
  const RuleSet set =
      Load(R"({"BootstrapServers": ["b-1:9096", "b-2:9096"], "SaslUsername": "firn",
               "SaslPassword": "${env:KAFKA_PASSWORD}", "CaFile": "ca.pem", "Compression": "zstd"})",
           R"({"Topic": "sf.{$.detail.entity}.v1", "Key": "$.detail.id", "Headers": {"h": "x"}})");
  ASSERT_TRUE(problems_.empty()) << problems_.front().OneLine();
  ASSERT_EQ(set.clusters.size(), 1U);
  const KafkaCluster& cluster = set.clusters[0];
  EXPECT_EQ(cluster.name, "shop");
  EXPECT_TRUE(cluster.tls);
  EXPECT_EQ(cluster.mechanism, "PLAIN");
  EXPECT_EQ(cluster.password.Text(), "${env:KAFKA_PASSWORD}");
  EXPECT_EQ(cluster.ca_file, (folder_ / "ca.pem").string());
  const RuleTarget& target = set.rules.at(0).targets.at(0);
  EXPECT_EQ(target.kind, TargetKind::kKafka);
  EXPECT_EQ(target.local, "shop");
  ASSERT_EQ(target.kafka.topic.pieces().size(), 3U);
  EXPECT_EQ(std::get<expr::JsonPath>(target.kafka.topic.pieces()[1]).text(), "$.detail.entity");
  EXPECT_FALSE(target.kafka.topic.constant());
}

TEST_F(KafkaFolder, APasswordNeverTravelsInClear) {
  const std::string clear =
      R"({"BootstrapServers": ["b-1:9092"], "SecurityProtocol": "SASL_PLAINTEXT", )"
      R"("SaslUsername": "u", "SaslPassword": "${env:P}", "SaslMechanism": "PLAIN"})";
  EXPECT_EQ(Problem(clear),
            "PROJECT-KAFKA-001 kafka/shop.json:1:56 PLAIN would send the password in clear");
  std::string here = clear;
  here.replace(here.find("b-1"), 3, "127.0.0.1");
  EXPECT_EQ(Problem(here), "no problem");
  EXPECT_NE(Problem(R"({"BootstrapServers": ["b-1:9092"], "SaslUsername": "u",)"
                    R"("SaslPassword": "written out"})")
                .find("CONFIG-VALUE-003"),
            std::string::npos);
}

TEST_F(KafkaFolder, SettingsThatCountForNothingAreRefused) {
  EXPECT_NE(Problem(R"({"BootstrapServers": ["b:9092"], "SecurityProtocol": "SSL",)"
                    R"("SaslUsername": "u"})")
                .find("takes no `SaslUsername`"),
            std::string::npos);
  EXPECT_NE(Problem(R"({"BootstrapServers": ["b:9092"], "SecurityProtocol": "PLAINTEXT",)"
                    R"("CaFile": "ca.pem"})")
                .find("takes no `CaFile`"),
            std::string::npos);
  EXPECT_NE(Problem(R"({"BootstrapServers": ["b:9092"]})").find("a sign-in needs"),
            std::string::npos);
  EXPECT_NE(Problem(R"({"BootstrapServers": ["http://b"], "SecurityProtocol": "SSL"})")
                .find("is not `host:port`"),
            std::string::npos);
  EXPECT_NE(Problem(R"({"BootstrapServers": ["b:9093"], "SecurityProtocol": "SSL",)"
                    R"("CertificateFile": "c.pem"})")
                .find("belong together"),
            std::string::npos);
}

TEST_F(KafkaFolder, ATopicThatNoBrokerTakesIsNamedWithItsPlace) {
  EXPECT_NE(Problem(kPlain, R"({"Topic": "or ders"})").find("cannot be a topic of Kafka"),
            std::string::npos);
  EXPECT_NE(Problem(kPlain, R"({"Topic": "a{$.b"})").find("PROJECT-RULE-003"), std::string::npos);
  EXPECT_NE(Problem(kPlain, R"({"Key": "k"})").find("CONFIG-KEY-002"), std::string::npos);
  EXPECT_TRUE(IsKafkaTopic("a.b_c-1"));
  EXPECT_FALSE(IsKafkaTopic(".."));
  EXPECT_FALSE(IsKafkaTopic(std::string(250, 'a')));
}

TEST_F(KafkaFolder, AClusterThatIsNotThereIsToldWithTheNearestName) {
  (void)Load(kPlain, R"({"Topic": "orders"})", "firn:kafka/shap");
  ASSERT_FALSE(problems_.empty());
  EXPECT_EQ(problems_.front().what(), "there is no Kafka cluster `shap`");
  EXPECT_EQ(problems_.front().hint(), "did you mean `shop`?");
}

}  // namespace
}  // namespace firn::project
