// What could go wrong in production: a predicate that an engine writes in the newer form of the
// specification is refused, or is taken for another one, and files with wanted rows are left out.
#include "patterns/federation/planning/scan_filter.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "ends/lake/format/single_value.h"

namespace firn::federation {
namespace {

using Json = nlohmann::ordered_json;

record::Schema Deals() {
  record::Schema schema;
  schema.fields = {{1, "Id", false, {record::TypeId::kLong}, ""},
                   {2, "Name", false, {record::TypeId::kString}, ""}};
  return schema;
}

Result<ScanFilter> Read(const char* json) {
  static const record::Schema schema = Deals();
  return ReadScanFilter(Json::parse(json), schema, {});
}

// Ids 10 to 20, names `m` to `p`.
lake::DataFile Statistics() {
  lake::DataFile file;
  file.record_count = 5;
  file.value_counts = {{1, 5}, {2, 5}};
  file.null_value_counts = {{1, 0}, {2, 0}};
  const auto number = [](int64_t value) {
    return std::string(reinterpret_cast<const char*>(&value), sizeof value);
  };
  file.lower_bounds = {{1, number(10)}, {2, "m"}};
  file.upper_bounds = {{1, number(20)}, {2, "p"}};
  return file;
}

bool LeavesOut(const char* json) {
  const auto filter = Read(json);
  EXPECT_TRUE(filter) << json;
  if (!filter) return false;
  const lake::DataFile file = Statistics();
  for (const auto& conjunct : filter->conjuncts) {
    if (!conjunct.MayMatch(file)) return true;
  }
  return false;
}

TEST(ScanFilterTest, PredicatesOfEitherFormLeaveOutTheSameFiles) {
  for (const char* json : {
           R"({"type": "gt", "term": "Id", "value": 20})",
           R"({"type": "gt", "left": {"type": "reference", "name": "Id"}, "right": 20})",
           R"({"type": "gt", "left": {"type": "reference", "id": 1}, "right": 20})",
           R"({"type": "gt", "left": {"type": "reference", "term": "Id"}, "right": 20})",
           R"({"type": "gt", "left": {"type": "reference", "name": "Id"},
               "right": {"type": "literal", "value": 20, "data-type": "long"}})",
           R"({"type": "in", "term": "Id", "values": [1, 21]})",
           R"({"type": "in", "child": {"type": "reference", "name": "Id"}, "values": [1, 21]})",
           R"({"type": "in", "child": {"type": "reference", "name": "Id"},
               "values": {"type": "literals", "values": [1, 21], "data-type": "long"}})",
           R"({"type": "is-null", "child": {"type": "reference", "name": "Name"}})",
       })
    EXPECT_TRUE(LeavesOut(json)) << json;
  for (const char* json : {
           R"({"type": "gt", "left": {"type": "reference", "name": "Id"}, "right": 19})",
           R"({"type": "in", "child": {"type": "reference", "id": 2}, "values": ["a", "n"]})",
           R"({"type": "not-null", "child": {"type": "reference", "name": "Name"}})",
       })
    EXPECT_FALSE(LeavesOut(json)) << json;
}

TEST(ScanFilterTest, WhatIsNoPlainColumnWithALiteralLeavesOutNothing) {
  for (const char* json : {
           R"({"type": "gt", "left": 20, "right": {"type": "reference", "name": "Id"}})",
           R"({"type": "eq", "left": {"type": "reference", "name": "Id"},
               "right": {"type": "reference", "name": "Id"}})",
           R"({"type": "eq", "term": {"type": "transform", "transform": "bucket[4]",
               "term": "Id"}, "value": 9})",
           R"({"type": "eq", "left": {"type": "apply", "function": "lower",
               "arguments": [{"type": "reference", "name": "Name"}]}, "right": "A"})",
           R"({"type": "not-eq", "term": "Id", "value": 15})",
           R"({"type": "not", "child": {"type": "eq", "term": "Id", "value": 99}})",
       })
    EXPECT_FALSE(LeavesOut(json)) << json;
}

TEST(ScanFilterTest, MalformedValuesAndUnknownColumnsAreRefused) {
  for (const char* json : {
           R"({"type": "gt", "left": {"type": "reference", "name": "No"}, "right": 1})",
           R"({"type": "gt", "left": {"type": "reference", "id": 9}, "right": 1})",
           R"({"type": "gt", "left": {"type": "reference"}, "right": 1})",
           R"({"type": "gt", "left": {"type": "reference", "name": "Id"}})",
           R"({"type": "gt", "left": {"type": "weather"}, "right": 1})",
           R"({"type": "gt", "left": {"type": "reference", "name": "Id"}, "right": [1]})",
           R"({"type": "gt", "left": {"type": "apply", "function": "f"}, "right": 1})",
           R"({"type": "gt", "left": {"type": "apply", "function": "f",
               "arguments": [{"type": "reference", "name": "No"}]}, "right": 1})",
           R"({"type": "gt", "left": {"type": "literal"}, "right": 1})",
           R"({"type": "in", "child": {"type": "reference", "name": "Id"}, "values": {}})",
           R"({"type": "is-null"})",
       }) {
    const auto filter = Read(json);
    ASSERT_FALSE(filter) << json;
    EXPECT_EQ(filter.error().code(), "CAT-PLAN-001");
  }
}

}  // namespace
}  // namespace firn::federation
