// What a rule sees must be what Amazon EventBridge would show it: a member that is missing or
// misspelt makes every pattern that names it silently match nothing.
#include "patterns/events/rules/envelope.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/base/time_text.h"
#include "patterns/events/rules/rule_event.h"

namespace firn::events {
namespace {

TEST(Envelope, HasTheMembersOfAnEventBridgeEvent) {
  Envelope envelope;
  envelope.id = "8a1f\"0c";
  envelope.source = EventSource("00D000000000001EAA", "/data/AccountChangeEvent");
  envelope.detail_type = std::string(TopicName("/data/AccountChangeEvent"));
  envelope.time = *ParseInstant("2026-11-26T02:30:00.250Z");
  envelope.account = "123456789012";
  envelope.region = "eu-central-1";
  envelope.detail = R"({"payload":{"Name":"Acme"}})";
  const auto json = nlohmann::json::parse(envelope.Json());
  EXPECT_EQ(json["version"], "0");
  EXPECT_EQ(json["id"], "8a1f\"0c");
  EXPECT_EQ(json["source"], "aws.partner/salesforce.com/00D000000000001EAA/AccountChangeEvent");
  EXPECT_EQ(json["detail-type"], "AccountChangeEvent");
  EXPECT_EQ(json["time"], "2026-11-26T02:30:00Z");
  EXPECT_EQ(json["account"], "123456789012");
  EXPECT_EQ(json["region"], "eu-central-1");
  EXPECT_TRUE(json["resources"].is_array());
  EXPECT_EQ(json["detail"]["payload"]["Name"], "Acme");
}

TEST(RuleEvents, OfTheStreamAndOfItsTextAreTheSameToDuplicates) {
  Envelope envelope;
  envelope.id = "e";
  envelope.source = "s";
  envelope.detail_type = "AccountChangeEvent";
  envelope.event_type = "UPDATE";
  envelope.record_id = "001000000000001AAA";
  envelope.transaction_key = "0000-\"key";
  envelope.sequence_number = 3;
  envelope.event_timestamp_ms = 7;
  envelope.detail =
      R"({"payload":{"ChangeEventHeader":{"changeType":"UPDATE","recordIds":["001000000000001AAA"],)"
      R"("commitTimestamp":7,"transactionKey":"0000-\"key","sequenceNumber":3}}})";
  const auto parsed = ParseRuleEvent(envelope.Json());
  ASSERT_TRUE(parsed) << parsed.error().OneLine();
  EXPECT_EQ(RuleEventOf(envelope).keys, parsed->keys);
  EXPECT_EQ(parsed->keys.size(), 2U);
  EXPECT_EQ(RuleEventOf(envelope).commit_ms, 7);
  EXPECT_EQ(parsed->commit_ms, 7);
}

}  // namespace
}  // namespace firn::events
