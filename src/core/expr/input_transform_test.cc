// What could go wrong in production: a target that gets JSON it cannot read, or a template that is
// found wrong only when the first event comes. The examples are those of EventBridge's guide.
#include "core/expr/input_transform.h"

#include <gtest/gtest.h>

namespace firn::expr {
namespace {

constexpr std::string_view kEvent =
    R"({"version":"0","id":"7bf7","detail-type":"EC2 Notification","source":"aws.ec2",)"
    R"("time":"2015-11-11T21:29:54Z","resources":[],)"
    R"("detail":{"instance-id":"i-01","state":"RUNNING","n":7,"tags":{"a":"b"},"say":"a \"q\"",)"
    R"("list":["x","y"],"ok":true,"path":"c:\\d\ne"}})";
const std::map<std::string, std::string> kPaths = {{"instance", "$.detail.instance-id"},
                                                   {"state", "$.detail.state"},
                                                   {"n", "$.detail.n"},
                                                   {"tags", "$.detail.tags"},
                                                   {"say", "$.detail.say"},
                                                   {"list", "$.detail.list"},
                                                   {"ok", "$.detail.ok"},
                                                   {"detail", "$.detail"},
                                                   {"gone", "$.detail.nothing"}};
const TransformFacts kFacts = {"arn:aws:events:us-east-2:123456789012:rule/example", "example",
                               "2026-11-26T02:00:00Z"};

std::string Apply(std::string_view input_template) {
  const auto transform = InputTransform::Parse(kPaths, input_template, "t1");
  if (!transform) return transform.error().what() + " | " + transform.error().where();
  JsonText event;
  event.Load(kEvent);
  const auto input = transform->Apply(event, kFacts);
  return input ? *input : input.error().OneLine();
}

TEST(InputTransform, MakesATextInQuotes) {
  EXPECT_EQ(Apply(R"("instance <instance> is in <state>")"), R"("instance i-01 is in RUNNING")");
  EXPECT_EQ(Apply(R"("instance \"<instance>\" is in <state>")"),
            R"("instance \"i-01\" is in RUNNING")");
  EXPECT_EQ(Apply(R"("<aws.events.rule-name> triggered")"), R"("example triggered")");
  EXPECT_EQ(Apply("\"first <n>\"\n\"second\""), "\"first 7\"\n\"second\"");
}

TEST(InputTransform, MakesJsonAndMinifiesIt) {
  EXPECT_EQ(
      Apply("{\n \"instance\" : <instance>,\n \"state\": [ 9, <state>, true ], \"n\": <n>\n}"),
      R"({"instance":"i-01","state":[9,"RUNNING",true],"n":7})");
  EXPECT_EQ(Apply(R"({"s": "<state>", "status": "instance \"<instance>\" is in <state>"})"),
            R"({"s":"RUNNING","status":"instance \"i-01\" is in RUNNING"})");
  EXPECT_EQ(Apply("<tags>"), R"({"a":"b"})");
}

TEST(InputTransform, ReservedNamesNeedNoPath) {
  EXPECT_EQ(Apply(R"({"arn": <aws.events.rule-arn>, "at": "<aws.events.event.ingestion-time>"})"),
            R"({"arn":"arn:aws:events:us-east-2:123456789012:rule/example",)"
            R"("at":"2026-11-26T02:00:00Z"})");
  EXPECT_EQ(Apply("{\"all\": <aws.events.event.json>}"), "{\"all\":" + std::string(kEvent) + "}");
  EXPECT_EQ(Apply("<aws.events.event>"),
            R"({"version":"0","id":"7bf7","detailType":"EC2 Notification","source":"aws.ec2",)"
            R"("time":"2015-11-11T21:29:54Z","resources":[]})");
}

TEST(InputTransform, WhatTheEventLacksIsAnEmptyText) {
  EXPECT_EQ(Apply(R"("info <gone>")"), R"("info ")");
  EXPECT_EQ(Apply("{\"a\": <gone>}"), R"({"a":""})");
}

TEST(InputTransform, QuotesInsideValuesDoNotBreakTheJson) {
  EXPECT_EQ(Apply(R"({"a": "<say>", "b": <say>, "c": "<tags>"})"),
            R"({"a":"a \"q\"","b":"a \"q\"","c":"{\"a\":\"b\"}"})");
}

TEST(InputTransform, ObjectsAndListsInATextHaveNoQuotes) {
  EXPECT_EQ(Apply(R"("tags <tags>, list <list>, <gone>.")"), R"("tags {a:b}, list [x,y], .")");
  EXPECT_EQ(Apply(R"("<detail>")"),
            R"("{instance-id:i-01,state:RUNNING,n:7,tags:{a:b},say:a q,list:[x,y],ok:true,)"
            R"(path:c:\\d\ne}")");
  EXPECT_EQ(Apply(R"("it is <ok>!")"), R"("it is true!")");
}

TEST(InputTransform, MistakesAreNamedWithTheirPlaceBeforeAnyEventComes) {
  EXPECT_EQ(Apply("{\"a\": <nobody>}"),
            "InputTemplate for target t1 contains invalid placeholder nobody. | line 1, column 7");
  EXPECT_EQ(Apply("{<state>: 1}"), "Invalid InputTemplate for target t1 | line 1, column 9");
  EXPECT_EQ(Apply(R"({"x <state>": 1})").substr(0, 35), "Invalid InputTemplate for target t1");
  EXPECT_EQ(Apply("{\"a\":\n <n>,}"), "Invalid InputTemplate for target t1 | line 2, column 6");
  EXPECT_EQ(Apply("instance <instance>").substr(0, 35), "Invalid InputTemplate for target t1");
  EXPECT_EQ(Apply("{\"a\": 1E999}"), "Invalid InputTemplate for target t1 | line 1, column 1");
  EXPECT_EQ(Apply("").substr(0, 35), "Invalid InputTemplate for target t1");
  EXPECT_EQ(Apply("\"" + std::string(8192, 'x') + "\"").substr(0, 35),
            "Invalid InputTemplate for target t1");
}

TEST(InputTransform, PathsHaveTheVendorsLimits) {
  std::map<std::string, std::string> many;
  for (int i = 0; i < 101; ++i) many["k" + std::to_string(i)] = "$.id";
  EXPECT_FALSE(InputTransform::Parse(many, "\"x\"", "t1"));
  EXPECT_FALSE(InputTransform::Parse({{"AWSname", "$.id"}}, "\"x\"", "t1"));
  EXPECT_FALSE(InputTransform::Parse({{"a b", "$.id"}}, "\"x\"", "t1"));
  const auto bad_path = InputTransform::Parse({{"a", "id"}}, "\"x\"", "t1");
  ASSERT_FALSE(bad_path);
  EXPECT_EQ(bad_path.error().code(), "EXPR-PATH-001");
}

}  // namespace
}  // namespace firn::expr
