// JSON into the Avro of platform events. What could go wrong in production: a value lands in
// another field or type than the rule's author meant, an unknown field vanishes in silence, an
// event goes without what the bus demands.
#include "patterns/events/target/event_encoder.h"

#include <gtest/gtest.h>

#include "patterns/events/test_payload.h"

namespace firn::events {
namespace {

constexpr const char* kOrder = R"({"type":"record","name":"Order_Event__e","fields":[
  {"name":"CreatedDate","type":"long","doc":"CreatedDate:DateTime"},
  {"name":"CreatedById","type":"string","doc":"CreatedBy:EntityId"},
  {"name":"Number__c","type":["null","string"],"default":null},
  {"name":"Amount__c","type":["null","double"],"default":null},
  {"name":"Shipped__c","type":["null","boolean"],"default":null},
  {"name":"Count__c","type":["null","int"],"default":null},
  {"name":"Due__c","type":["null","long"],"doc":"Data:DateTime","default":null}]})";

const Authorship kBy = {UtcMicros(std::chrono::milliseconds(1'795'658'400'123)),
                        "005000000000001AAA"};

EventEncoder Order() {
  auto encoder = EventEncoder::Compile(kOrder);
  EXPECT_TRUE(encoder.has_value());
  return *std::move(encoder);
}

TestPayload Begun() { return TestPayload().Whole(1'795'658'400'123).Text("005000000000001AAA"); }

TEST(EventEncoding, WhatIsLeftOutIsNullAndWhoPublishedWhenIsFilledIn) {
  const auto payload = Order().Encode("{}", kBy);
  ASSERT_TRUE(payload.has_value());
  EXPECT_EQ(*payload, Begun().Whole(0).Whole(0).Whole(0).Whole(0).Whole(0).bytes());
}

TEST(EventEncoding, EveryTypeStandsInItsBranch) {
  const auto payload = Order().Encode(
      R"({"Due__c":"2026-11-26T10:00:00Z","Amount__c":12,"Number__c":"A-1","Shipped__c":true,
          "Count__c":-3})",
      kBy);
  ASSERT_TRUE(payload.has_value());
  EXPECT_EQ(*payload, Begun()
                          .Whole(1)
                          .Text("A-1")
                          .Whole(1)
                          .Real(12)
                          .Whole(1)
                          .Boolean(true)
                          .Whole(1)
                          .Whole(-3)
                          .Whole(1)
                          .Whole(1'795'687'200'000)
                          .bytes());
}

TEST(EventEncoding, TheAuthorsWordsWinAndADateIsItsMidnight) {
  const auto payload =
      Order().Encode(R"({"CreatedDate":7,"CreatedById":"005x","Due__c":"2026-11-26"})", kBy);
  ASSERT_TRUE(payload.has_value());
  EXPECT_EQ(*payload, TestPayload()
                          .Whole(7)
                          .Text("005x")
                          .Whole(0)
                          .Whole(0)
                          .Whole(0)
                          .Whole(0)
                          .Whole(1)
                          .Whole(1'795'651'200'000)
                          .bytes());
}

TEST(EventEncoding, AnUnknownFieldIsRefusedWithTheNearestName) {
  const auto payload = Order().Encode(R"({"Amout__c":1})", kBy);
  ASSERT_FALSE(payload.has_value());
  EXPECT_EQ(payload.error().code(), "EVENT-PUBLISH-002");
  EXPECT_EQ(payload.error().hint(), "did you mean `Amount__c`?");
}

TEST(EventEncoding, AValueOfAnotherTypeIsRefusedByItsFieldAndNeverQuoted) {
  struct Case {
    const char* json;
    const char* why;
  };
  for (const Case& each : {
           Case{R"({"Number__c":5})", "the field takes a text, the input has number"},
           Case{R"({"Amount__c":"secret"})", "the field takes a number, the input has string"},
           Case{R"({"Shipped__c":"true"})", "the field takes true or false, the input has string"},
           Case{R"({"Count__c":1.5})", "the field takes a whole number, the input has number"},
           Case{R"({"Count__c":3000000000})",
                "the field takes a whole number, the input has number"},
           Case{R"({"Due__c":"secret"})",
                "the field takes a whole number or an ISO 8601 time, the input has string"},
           Case{R"({"Number__c":{"a":1}})", "the field takes a text, the input has object"},
       }) {
    const auto payload = Order().Encode(each.json, kBy);
    ASSERT_FALSE(payload.has_value()) << each.json;
    EXPECT_EQ(payload.error().code(), "EVENT-PUBLISH-003");
    EXPECT_EQ(payload.error().why(), each.why);
    EXPECT_EQ(payload.error().OneLine().find("secret"), std::string::npos);
  }
}

TEST(EventEncoding, OnlyAnObjectCanBePublished) {
  for (const char* json : {"[]", "\"text\"", "12", "{", ""}) {
    const auto payload = Order().Encode(json, kBy);
    ASSERT_FALSE(payload.has_value()) << json;
    EXPECT_EQ(payload.error().code(), "EVENT-PUBLISH-001");
  }
}

TEST(EventEncoding, ASchemaThatIsNoneIsRefused) {
  for (const char* json : {"", "[]", R"({"type":"enum"})", R"({"type":"record"})",
                           R"({"type":"record","fields":[{"name":"x"}]})"}) {
    const auto encoder = EventEncoder::Compile(json);
    ASSERT_FALSE(encoder.has_value()) << json;
    EXPECT_EQ(encoder.error().code(), "EVENT-SCHEMA-001");
  }
}

}  // namespace
}  // namespace firn::events
