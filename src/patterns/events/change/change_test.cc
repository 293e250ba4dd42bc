// Decoding of change events. What could go wrong in production: a field that was left alone is read
// as emptied (or the other way round) and a row loses its value; the part of an address is taken
// for another; one damaged event takes the stream down or is decoded into nonsense.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "core/net/digest.h"
#include "patterns/events/change/diff.h"
#include "patterns/events/change/json.h"
#include "patterns/events/change/plan.h"
#include "patterns/events/change/record_id.h"
#include "patterns/events/test_payload.h"

namespace firn::events {
namespace {

class Decoding : public ::testing::Test {
 protected:
  Decoding() : plan_(*ChangePlan::Compile(TestAccountSchema())) {}

  Touch Of(std::string_view parent, std::string_view name) const {
    return record_.touched.at(static_cast<size_t>(plan_.Find(parent, name)));
  }
  const Cell& At(std::string_view parent, std::string_view name) const {
    return record_.cells.at(static_cast<size_t>(plan_.Find(parent, name)));
  }
  nlohmann::json Detail(std::string_view id) const {
    std::string json;
    AppendDetail(plan_, record_, {"uuid-1", "schema-1", id}, json);
    return nlohmann::json::parse(json);
  }

  ChangePlan plan_;
  ChangeRecord record_;
};

// Name, both addresses, phone, revenue, employees, description, birthdate, modified, partner.
TestPayload Update(const TestPayload::HeaderParts& parts) {
  TestPayload payload;
  payload.Header(parts).Null().Null().Null().Null().Null().Null().Null().Null();
  payload.SomeWhole(1'795'488'962'000).Null();
  return payload;
}

TEST_F(Decoding, UnchangedAndSetToNullAreNeverConfused) {
  // Bits: Phone 4, AnnualRevenue 5, LastModifiedDate 9; Phone was emptied, Description is null too
  // but was not touched.
  const auto payload = Update({.nulled = {"0x10"}, .changed = {"0x210"}});
  ASSERT_TRUE(plan_.Decode(payload.bytes(), record_));
  EXPECT_EQ(Of("", "Phone"), Touch::kNulled);
  EXPECT_EQ(Of("", "LastModifiedDate"), Touch::kSet);
  EXPECT_EQ(Of("", "Description"), Touch::kUntouched);
  EXPECT_EQ(Of("", "AnnualRevenue"), Touch::kUntouched);
  const auto json = Detail("001000000000001AAA")["payload"];
  EXPECT_TRUE(json.contains("Phone") && json["Phone"].is_null());
  EXPECT_FALSE(json.contains("Description"));
  EXPECT_EQ(json["LastModifiedDate"], "2026-11-24T02:56:02.000Z");
  EXPECT_EQ(json["ChangeEventHeader"]["nulledFields"], nlohmann::json({"Phone"}));
}

TEST_F(Decoding, NestedBitmapsNameThePartsOfTheirOwnCompoundField) {
  TestPayload payload;
  // Top bit 2 (BillingAddress) says only that some part is meant; 2-0x2 is its city, 3-0x5 street
  // and latitude of the other address.
  payload.Header({.nulled = {"3-0x4"}, .changed = {"0x204", "2-0x2", "3-0x5"}}).Null();
  payload.Whole(1).Null().Some("Oslo").Null();
  payload.Whole(1).Some("Storgata 1").Null().Null();
  payload.Null().Null().Null().Null().Null().SomeWhole(0).Null();
  ASSERT_TRUE(plan_.Decode(payload.bytes(), record_));
  EXPECT_EQ(Of("BillingAddress", "City"), Touch::kSet);
  EXPECT_EQ(At("BillingAddress", "City").text, "Oslo");
  EXPECT_EQ(Of("BillingAddress", "Street"), Touch::kUntouched);
  EXPECT_LT(plan_.Find("BillingAddress", ""), 0);  // its parts are the fields
  EXPECT_EQ(Of("ShippingAddress", "Street"), Touch::kSet);
  EXPECT_EQ(Of("ShippingAddress", "Latitude"), Touch::kNulled);
  EXPECT_EQ(Of("ShippingAddress", "City"), Touch::kUntouched);
  const auto json = Detail("001000000000001AAA")["payload"];
  EXPECT_EQ(json["BillingAddress"], nlohmann::json({{"City", "Oslo"}}));
  EXPECT_EQ(json["ChangeEventHeader"]["changedFields"],
            nlohmann::json({"BillingAddress.City", "ShippingAddress.Street",
                            "ShippingAddress.Latitude", "LastModifiedDate"}));
}

TEST_F(Decoding, ABitmapMayHoldNestedElementsOnlyAndBitsPastTheLastField) {
  const auto nested = Update({.changed = {"2-0xFF"}});
  ASSERT_TRUE(plan_.Decode(nested.bytes(), record_));
  EXPECT_EQ(Of("BillingAddress", "Latitude"), Touch::kNulled);
  const auto wide = Update({.changed = {"0xFF00000000000000000000000000000200", "77-0x1"}});
  ASSERT_TRUE(plan_.Decode(wide.bytes(), record_));
  EXPECT_EQ(Of("", "LastModifiedDate"), Touch::kSet);
  EXPECT_EQ(Of("BillingAddress", "Latitude"), Touch::kUntouched);
}

TEST_F(Decoding, AWholeCompoundFieldThatWasEmptiedEmptiesAllItsParts) {
  const auto payload = Update({.nulled = {"0x4"}, .changed = {"0x204"}});
  ASSERT_TRUE(plan_.Decode(payload.bytes(), record_));
  EXPECT_EQ(Of("BillingAddress", "City"), Touch::kNulled);
  EXPECT_EQ(Of("BillingAddress", "Street"), Touch::kNulled);
}

TEST_F(Decoding, ANameIsATextOrARecordOfParts) {
  TestPayload text;
  text.Header({.changed = {"0x2"}}).Some("Acme").Null().Null().Null().Null().Null();
  text.Null().Null().SomeWhole(0).Null();
  ASSERT_TRUE(plan_.Decode(text.bytes(), record_));
  EXPECT_EQ(At("", "Name").text, "Acme");
  EXPECT_EQ(Of("", "Name"), Touch::kSet);
  TestPayload parts;
  parts.Header({.changed = {"1-0x2"}}).Whole(2).Null().Some("Byron").Null().Null().Null().Null();
  parts.Null().Null().Null().SomeWhole(0).Null();
  ASSERT_TRUE(plan_.Decode(parts.bytes(), record_));
  EXPECT_EQ(At("Name", "LastName").text, "Byron");
  EXPECT_EQ(Of("Name", "FirstName"), Touch::kUntouched);
  EXPECT_EQ(Of("", "Name"), Touch::kUntouched);
}

TEST_F(Decoding, ACreateTellsTheWholeRecordAndNamesNoField) {
  TestPayload payload;
  payload.Header({.type = 0}).Some("Acme").Null().Null().Some("12").Whole(1).Real(12.5);
  payload.SomeWhole(7).Null().SomeWhole(86'400'000).SomeWhole(0).Whole(1).Boolean(true);
  ASSERT_TRUE(plan_.Decode(payload.bytes(), record_));
  EXPECT_EQ(record_.type, ChangeType::kCreate);
  EXPECT_EQ(Of("", "Description"), Touch::kNulled);
  EXPECT_EQ(Of("BillingAddress", "City"), Touch::kNulled);
  EXPECT_EQ(At("", "AnnualRevenue").real, 12.5);
  const auto detail = Detail("001000000000001AAA");
  EXPECT_EQ(detail["payload"]["Birthdate"], "1970-01-02");
  EXPECT_EQ(detail["payload"]["IsPartner"], true);
  EXPECT_EQ(detail["payload"]["NumberOfEmployees"], 7);
  EXPECT_EQ(detail["schemaId"], "schema-1");
  EXPECT_EQ(detail["id"], "uuid-1");
}

TEST_F(Decoding, AGapEventIsAHeaderOnly) {
  const auto payload = Update({.ids = {"001A", "001B"}, .type = 5});
  ASSERT_TRUE(plan_.Decode(payload.bytes(), record_));
  EXPECT_EQ(record_.type, ChangeType::kGapUpdate);
  EXPECT_TRUE(IsGap(record_.type));
  EXPECT_EQ(record_.record_ids.size(), 2U);
  EXPECT_EQ(Of("", "LastModifiedDate"), Touch::kUntouched);
  const auto json = Detail("001B")["payload"];
  EXPECT_EQ(json.size(), 1U);
  EXPECT_EQ(json["ChangeEventHeader"]["recordIds"], nlohmann::json({"001B"}));
}

TEST_F(Decoding, AGapEventOfAConvertedFieldNamesEveryRecordAndOnlyAGapEventMay) {
  const auto all = Update({.ids = {"001*"}, .type = 5});
  ASSERT_TRUE(plan_.Decode(all.bytes(), record_));
  auto named = RecordsNamedBy(record_);
  ASSERT_TRUE(named) << named.error().OneLine();
  EXPECT_TRUE(named->all);
  EXPECT_TRUE(named->ids.empty());
  const auto one = Update({.ids = {"001000000000001"}, .type = 5});
  ASSERT_TRUE(plan_.Decode(one.bytes(), record_));
  named = RecordsNamedBy(record_);
  ASSERT_TRUE(named);
  EXPECT_FALSE(named->all);
  EXPECT_EQ(named->ids, (std::vector<std::string>{"001000000000001AAA"}));
  const auto update = Update({.ids = {"001*"}});
  ASSERT_TRUE(plan_.Decode(update.bytes(), record_));
  EXPECT_EQ(RecordsNamedBy(record_).error().code(), "EVENT-RECORD-001");
}

TEST_F(Decoding, EveryCutOfAPayloadIsRefusedAndNoneIsReadPastItsEnd) {
  TestPayload payload;
  payload.Header({.changed = {"0x210"}}).Some("Acme").Null().Null().Some("12").Null().Null();
  payload.Null().Null().SomeWhole(0).Null();
  for (size_t size = 0; size < payload.bytes().size(); ++size) {
    const std::string cut = payload.bytes().substr(0, size);  // a buffer of its own
    const auto decoded = plan_.Decode(cut, record_);
    ASSERT_FALSE(decoded) << size;
    EXPECT_EQ(decoded.error().code(), "EVENT-DECODE-001");
  }
  EXPECT_FALSE(plan_.Decode(payload.bytes() + "x", record_));
  EXPECT_FALSE(plan_.Decode(std::string(12, '\xff'), record_));
}

TEST_F(Decoding, AMalformedBitmapIsRefused) {
  for (const char* bits : {"210", "0x", "0xZ1", "x-0x1", "2-10", "-0x1"}) {
    EXPECT_FALSE(plan_.Decode(Update({.changed = {bits}}).bytes(), record_)) << bits;
  }
}

TEST(Schemas, WhatIsNoRecordIsRefusedWithTheReason) {
  for (const char* schema : {"", "[]", R"({"type":"record","name":"X"})",
                             R"({"type":"record","name":"X","fields":[{"name":"a","type":"B"}]})",
                             R"({"type":"record","name":"X","fields":[{"name":"a"}]})"}) {
    const auto plan = ChangePlan::Compile(schema);
    ASSERT_FALSE(plan) << schema;
    EXPECT_EQ(plan.error().code(), "EVENT-SCHEMA-001");
    EXPECT_FALSE(plan.error().why().empty());
  }
}

TEST(Schemas, ASchemaThatContainsItselfIsRefused) {
  EXPECT_FALSE(ChangePlan::Compile(
      R"({"type":"record","name":"X","fields":[{"name":"a","type":{"type":"record","name":"Y",)"
      R"("fields":[{"name":"b","type":["null","Y"]}]}}]})"));
}

TEST(Diffs, ChangedLinesAreReplacedAndTheHashIsChecked) {
  const std::string before = "one\ntwo\nthree\nfour";
  const std::string after = "one\nzwei\nthree\nfour\nfive";
  const std::string hash = Hex(net::Sha256(after));
  const std::string diff =
      "--- \n+++ " + hash + "\n@@ -2,1 +2,1 @@\n-two\n+zwei\n@@ -4,0 +5,1 @@\n+five\n";
  EXPECT_EQ(ApplyDiff(before, diff), after);
  EXPECT_EQ(ApplyDiff("one\ntwo!\nthree\nfour", diff), std::nullopt);
  const std::string other =
      "--- \n+++ " + std::string(64, '0') + "\n@@ -2,1 +2,1 @@\n-two\n+zwei\n";
  EXPECT_EQ(ApplyDiff(before, other), std::nullopt);
}

TEST(Diffs, WhatIsNoDiffIsRefused) {
  for (const char* diff : {"", "zwei", "--- \n+++ \n", "--- \n+++ \n@@ -9,1 +9,1 @@\n-x\n+y",
                           "--- \n+++ \n@@ -0,1 +1,1 @@\n-x\n+y", "--- \n+++ \n@@ nonsense"}) {
    EXPECT_EQ(ApplyDiff("a\nb", diff), std::nullopt) << diff;
  }
  EXPECT_EQ(ApplyDiff("a\nb", "--- \n+++ \n@@ -1,1 +1,2 @@\n-a\n+c\n+d"), "c\nd\nb");
}

}  // namespace
}  // namespace firn::events
