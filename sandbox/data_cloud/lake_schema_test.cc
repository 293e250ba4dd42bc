#include "sandbox/data_cloud/lake_schema.h"

#include <gtest/gtest.h>

#include "sandbox/data_cloud/lake_records.h"

namespace firn::sandbox {
namespace {

std::string Schema(const std::string& objects) {
  return "openapi: 3.0.3\ncomponents:\n  schemas:\n" + objects;
}

const std::string kOrders = Schema(
    "    orders:\n"
    "      type: object\n"
    "      x-record-modified: modified_date\n"
    "      properties:\n"
    "        order_no: {type: string}\n"
    "        id: {type: string}\n"
    "        total: {type: number}\n"
    "        exempt: {type: boolean}\n"
    "        day: {type: string, format: date}\n"
    "        modified_date: {type: string, format: date-time}\n");

std::string WhyRefused(const std::string& yaml) {
  const auto parsed = ParseLakeSchema("shop", yaml);
  EXPECT_FALSE(parsed);
  if (parsed) return "";
  EXPECT_EQ(parsed.error().code(), "SBX-CLOUD-001");
  return parsed.error().why();
}

TEST(LakeSchema, ReadsObjectsFieldsAndTheirRoles) {
  const auto source = ParseLakeSchema("shop", kOrders);
  ASSERT_TRUE(source) << source.error().OneLine();
  const LakeObject* orders = source->Object("orders");
  ASSERT_NE(orders, nullptr);
  ASSERT_EQ(orders->fields.size(), 6U);
  EXPECT_EQ(orders->fields[orders->key].name, "id");
  EXPECT_EQ(orders->modified, std::optional<size_t>(5));
  EXPECT_EQ(orders->fields[4].type, LakeType::kDate);
}

TEST(LakeSchema, TakesTheKeyThatTheSchemaNames) {
  std::string yaml = kOrders;
  yaml.insert(yaml.find("      properties"), "      x-primary-key: order_no\n");
  const auto source = ParseLakeSchema("shop", yaml);
  ASSERT_TRUE(source) << source.error().OneLine();
  EXPECT_EQ(source->objects[0].key, 0U);
}

TEST(LakeSchema, RefusesWhatTheVendorRefuses) {
  const auto one = [](const std::string& field) {
    return Schema("    a:\n      properties:\n        " + field + "\n");
  };
  EXPECT_NE(WhyRefused("openapi: 2.0.0\n").find("3.0"), std::string::npos);
  EXPECT_NE(WhyRefused(Schema("    a: {type: object}\n")).find("properties"), std::string::npos);
  EXPECT_NE(WhyRefused(one("row_count: {type: number}")).find("reserved"), std::string::npos);
  EXPECT_NE(WhyRefused(one("a__b: {type: number}")).find("__"), std::string::npos);
  EXPECT_NE(WhyRefused(one("\"a b\": {type: number}")).find("a-z"), std::string::npos);
  EXPECT_NE(WhyRefused(one(std::string(81, 'x') + ": {type: number}")).find("80"),
            std::string::npos);
  EXPECT_NE(WhyRefused(one("a: {type: object, properties: {b: {type: string}}}")).find("nested"),
            std::string::npos);
  EXPECT_NE(WhyRefused(one("a: {type: blob}")).find("blob"), std::string::npos);
}

TEST(LakeSchema, KeepsWhatWasOnceInASchema) {
  const auto before = ParseLakeSchema("shop", kOrders);
  std::string shorter = kOrders;
  shorter.erase(shorter.find("        total"),
                std::string("        total: {type: number}\n").size());
  const auto after = ParseLakeSchema("shop", shorter);
  ASSERT_TRUE(before && after);
  const auto refused = CheckLakeChange(*before, *after);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().why().find("orders.total"), std::string::npos);
  EXPECT_TRUE(CheckLakeChange(*after, *before)) << "a field may be added";
}

TEST(LakeSchema, ChecksCellsByTheirType) {
  std::string json;
  EXPECT_TRUE(AppendLakeCell(LakeType::kNumber, "-12.50", json));
  EXPECT_TRUE(AppendLakeCell(LakeType::kText, "a\"b", json));
  EXPECT_TRUE(AppendLakeCell(LakeType::kBoolean, "TRUE", json));
  EXPECT_TRUE(AppendLakeCell(LakeType::kDate, "", json));
  EXPECT_EQ(json, "-12.50\"a\\\"b\"truenull");
  for (const auto& [type, text] : {std::pair{LakeType::kNumber, "1,5"},
                                   {LakeType::kNumber, "007"},
                                   {LakeType::kNumber, "1."},
                                   {LakeType::kBoolean, "yes"},
                                   {LakeType::kDate, "2026-1-2"},
                                   {LakeType::kDateTime, "2026-01-02"},
                                   {LakeType::kDateTime, "2026-01-02T03:04:05+01:00"}}) {
    std::string ignored;
    EXPECT_FALSE(AppendLakeCell(type, text, ignored)) << text;
  }
  EXPECT_TRUE(LakeInstant("2021-07-05T09:31:44.457Z"));
}

TEST(LakeRecords, TellsWhichRecordBreaksWhichRule) {
  const auto source = ParseLakeSchema("shop", kOrders);
  ASSERT_TRUE(source);
  const std::string good =
      R"({"order_no":"7","id":"a","total":1.5,"exempt":false,"day":"","modified_date":null})";
  const auto read = ReadLakeRecords(
      source->objects[0],
      R"({"data":[)" + good +
          R"(,{"id":"b"},{"order_no":"7","id":"c","total":"x","exempt":null,"day":null,)"
          R"("modified_date":null}]})",
      false);
  ASSERT_TRUE(read) << read.error().OneLine();
  ASSERT_EQ(read->upserts.size(), 1U);
  EXPECT_EQ(read->upserts[0].key, "a");
  ASSERT_EQ(read->problems.size(), 2U);
  EXPECT_EQ(read->problems[0].row, 2U);
  EXPECT_EQ(read->problems[0].what, "field order_no is not there");
  EXPECT_EQ(read->problems[1].what, "field total is no number");
  EXPECT_FALSE(ReadLakeRecords(source->objects[0], "[]", false));
  EXPECT_FALSE(ReadLakeRecords(source->objects[0], "{\"data\":", false));
}

TEST(LakeRecords, PassesUnknownFieldsOverUnlessAskedToValidate) {
  const auto source = ParseLakeSchema("s", Schema("    a:\n      properties:\n"
                                                  "        id: {type: number}\n"));
  ASSERT_TRUE(source) << source.error().OneLine();
  const std::string body = R"({"data":[{"id":7,"more":1}]})";
  const auto taken = ReadLakeRecords(source->objects[0], body, false);
  ASSERT_TRUE(taken);
  ASSERT_EQ(taken->upserts.size(), 1U);
  EXPECT_EQ(taken->upserts[0].key, "7");
  EXPECT_EQ(taken->upserts[0].json, R"({"id":7})");
  const auto checked = ReadLakeRecords(source->objects[0], body, true);
  ASSERT_TRUE(checked);
  EXPECT_EQ(checked->problems.size(), 1U);
}

}  // namespace
}  // namespace firn::sandbox
