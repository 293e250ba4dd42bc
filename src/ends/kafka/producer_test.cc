// What could go wrong in production: a message that nobody took counted as delivered, one that
// fits given up for its neighbours' size, a broken connection taken for a wrong password, or a
// password in a log.
#include "ends/kafka/producer.h"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "ends/kafka/internal/client.h"

namespace firn::kafka {
namespace {

constexpr int16_t kProduceRequest = 0;  // Apache Kafka, "Protocol API keys"

// The library's own cluster, in this process.
class Cluster {
 public:
  Cluster() {
    char why[256];
    client_ = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why, sizeof why);
    cluster_ = rd_kafka_mock_cluster_new(client_, 1);
    rd_kafka_mock_topic_create(cluster_, "orders", 1, 1);
  }
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;
  ~Cluster() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(client_);
  }
  std::string brokers() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  // The next request to write is answered so.
  void Refuse(rd_kafka_resp_err_t code) {
    rd_kafka_mock_push_request_errors(cluster_, kProduceRequest, 1, code);
  }

 private:
  rd_kafka_t* client_;
  rd_kafka_mock_cluster_t* cluster_;
};

ProducerOptions OptionsFor(const std::string& brokers) {
  ProducerOptions options;
  options.cluster = "shop";
  options.brokers = {brokers};
  options.tls = false;
  options.delivery_time = std::chrono::minutes(2);
  return options;
}

Message MessageOf(std::string_view value) { return {"orders", "k", value, {{"id", "1"}}}; }

TEST(KafkaProducer, MessagesThatTheClusterTookHaveNoError) {
  const Cluster cluster;
  const auto producer = *Producer::Open(OptionsFor(cluster.brokers()));
  const std::vector<Message> messages(100, MessageOf("{}"));
  const auto outcomes = producer->Send(Call(), messages);
  ASSERT_TRUE(outcomes) << outcomes.error().OneLine();
  ASSERT_EQ(outcomes->size(), 100U);
  for (const auto& outcome : *outcomes) EXPECT_FALSE(outcome) << outcome->OneLine();
  EXPECT_FALSE(producer->broken());
}

TEST(KafkaProducer, ATopicThatTheUserMayNotWriteToIsDenied) {
  Cluster cluster;
  const auto producer = *Producer::Open(OptionsFor(cluster.brokers()));
  cluster.Refuse(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  const std::vector<Message> one = {MessageOf("{}")};
  const auto outcomes = producer->Send(Call(), one);
  ASSERT_TRUE(outcomes && outcomes->at(0));
  EXPECT_EQ(outcomes->at(0)->code(), "KAFKA-AUTH-002");
  EXPECT_EQ(outcomes->at(0)->kind(), Kind::kDenied);
  EXPECT_EQ(outcomes->at(0)->retry().when, Retry::When::kNever);
}

TEST(KafkaProducer, AMessageLargerThanTheLimitNeverLeaves) {
  const Cluster cluster;
  ProducerOptions options = OptionsFor(cluster.brokers());
  options.message_bytes_max = 2'000;
  const auto producer = *Producer::Open(options);
  const std::string large(5'000, 'x');
  const std::vector<Message> both = {MessageOf(large), MessageOf("{}")};
  const auto outcomes = producer->Send(Call(), both);
  ASSERT_TRUE(outcomes && outcomes->at(0));
  EXPECT_EQ(outcomes->at(0)->code(), "KAFKA-SEND-003");
  EXPECT_NE(outcomes->at(0)->what().find("5001 bytes"), std::string::npos);
  EXPECT_FALSE(outcomes->at(1)) << "its neighbour goes all the same";
}

TEST(KafkaProducer, OfABatchThatTheBrokerFindsTooLargeEachIsTriedByItself) {
  Cluster cluster;
  ProducerOptions options = OptionsFor(cluster.brokers());
  options.linger = std::chrono::milliseconds(500);  // all of them in one batch
  const auto producer = *Producer::Open(options);
  cluster.Refuse(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  const std::vector<Message> messages(5, MessageOf("{}"));
  const auto outcomes = producer->Send(Call(), messages);
  ASSERT_TRUE(outcomes) << outcomes.error().OneLine();
  for (const auto& outcome : *outcomes) EXPECT_FALSE(outcome) << outcome->OneLine();
}

TEST(KafkaProducer, WhereNobodyListensTheErrorSaysSoAndIsTriedAgain) {
  ProducerOptions options = OptionsFor("127.0.0.1:1");
  options.delivery_time = std::chrono::milliseconds(300);
  const auto producer = *Producer::Open(options);
  const std::vector<Message> one = {MessageOf("{}")};
  const auto outcomes = producer->Send(Call(), one);
  ASSERT_TRUE(outcomes && outcomes->at(0));
  EXPECT_EQ(outcomes->at(0)->kind(), Kind::kUnreachable) << outcomes->at(0)->OneLine();
  EXPECT_EQ(outcomes->at(0)->retry().when, Retry::When::kBackoff);
  EXPECT_NE(outcomes->at(0)->why().find("Connection refused"), std::string::npos)
      << outcomes->at(0)->OneLine();
}

TEST(KafkaProducer, AStopDoesNotWaitForTheBrokers) {
  const auto producer = *Producer::Open(OptionsFor("127.0.0.1:1"));
  std::stop_source stop;
  Call call;
  call.stop = stop.get_token();
  stop.request_stop();
  const std::vector<Message> one = {MessageOf("{}")};
  const auto outcomes = producer->Send(call, one);
  ASSERT_FALSE(outcomes);
  EXPECT_EQ(outcomes.error().kind(), Kind::kCancelled);
}

TEST(KafkaProducer, ASignInThatBrokeOffIsNoRefusal) {
  EXPECT_TRUE(IsRefusal(RD_KAFKA_RESP_ERR__AUTHENTICATION,
                        "SASL authentication error: Authentication failed: Invalid username"));
  EXPECT_FALSE(IsRefusal(RD_KAFKA_RESP_ERR__AUTHENTICATION,
                         "SASL authentication error: SaslAuthenticateRequest failed: Local: Broker "
                         "transport failure"));
  EXPECT_FALSE(IsRefusal(RD_KAFKA_RESP_ERR__TRANSPORT, "Connect to ipv4#127.0.0.1:1 failed"));
}

TEST(KafkaProducer, ARefusedSettingIsNamedWithoutItsValue) {
  ProducerOptions options = OptionsFor("127.0.0.1:1");
  options.tls = true;
  options.key = Secret("hush-hush");
  const auto producer = Producer::Open(options);
  ASSERT_FALSE(producer);
  EXPECT_EQ(producer.error().code(), "KAFKA-CONFIG-001");
  EXPECT_EQ(producer.error().OneLine().find("hush-hush"), std::string::npos);
  ProducerOptions unknown = OptionsFor("127.0.0.1:1");
  unknown.compression = "rar";
  EXPECT_NE(Producer::Open(unknown).error().why().find("compression.type"), std::string::npos);
}

TEST(KafkaProducer, ErrorsSayWhetherTryingAgainHelps) {
  const auto kind = [](rd_kafka_resp_err_t code) {
    return ErrorOf(code, {"c", "t", 1, ""}).kind();
  };
  EXPECT_EQ(kind(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART), Kind::kNotFound);
  EXPECT_EQ(kind(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE), Kind::kBadInput);
  EXPECT_EQ(kind(RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED), Kind::kDenied);
  EXPECT_EQ(kind(RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS), Kind::kUnreachable);
  EXPECT_EQ(kind(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT), Kind::kTimeout);
  EXPECT_EQ(kind(RD_KAFKA_RESP_ERR__QUEUE_FULL), Kind::kThrottled);
}

}  // namespace
}  // namespace firn::kafka
