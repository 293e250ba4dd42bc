// What could go wrong in production: a column that another engine added with a default (format
// version 3) is read as null in older files, and a compaction then makes that true for ever.
#include "ends/lake/internal/field_hints.h"

#include <arrow/array.h>
#include <arrow/scalar.h>
#include <gtest/gtest.h>

#include "ends/lake/format/metadata.h"
#include "ends/lake/format/schema_json.h"
#include "ends/lake/internal/projection.h"

namespace firn::lake::internal {
namespace {

using record::Field;
using record::Type;
using record::TypeId;

TableMetadata TableOf(const std::string& fields_json) {
  TableMetadata metadata;
  auto schema = std::make_shared<TableSchema>();
  schema->json = R"({"type":"struct","schema-id":0,"fields":)" + fields_json + "}";
  metadata.schemas.push_back(std::move(schema));
  return metadata;
}

std::string First(const Field& field, const std::string& json) {
  FieldHints hints;
  hints.defaults[field.id] = json;
  const auto column = ProjectColumn(nullptr, field, hints, 3);
  EXPECT_TRUE(column) << json << ": " << (column ? "" : column.error().OneLine());
  if (!column) return "";
  EXPECT_EQ((*column)->length(), 3);
  EXPECT_EQ((*column)->null_count(), 0);
  EXPECT_TRUE((*column)->type()->Equals(ArrowFieldOf(field)->type()));
  return (*column)->GetScalar(2).ValueOrDie()->ToString();
}

TEST(FieldHintsTest, DefaultsAreFoundAtEveryDepth) {
  const auto hints = HintsOf(TableOf(R"([
    {"id":1,"name":"a","required":false,"type":"long"},
    {"id":2,"name":"b","required":true,"type":"long","initial-default":7,"write-default":8},
    {"id":3,"name":"c","required":false,"type":{"type":"list","element-id":4,
      "element-required":false,"element":{"type":"struct","fields":[
        {"id":5,"name":"d","required":false,"type":"string","initial-default":"x"}]}}},
    {"id":6,"name":"e","required":false,"type":"long","initial-default":null}])"));
  EXPECT_EQ(hints.defaults, (std::map<int, std::string>{{2, "7"}, {5, "\"x\""}}));
}

TEST(FieldHintsTest, RowsOlderThanAFieldHoldItsDefault) {
  const auto of = [](TypeId id) { return Field{9, "f", false, {.id = id}, ""}; };
  EXPECT_EQ(First(of(TypeId::kBoolean), "true"), "true");
  EXPECT_EQ(First(of(TypeId::kInt), "-5"), "-5");
  EXPECT_EQ(First(of(TypeId::kLong), "34359738368"), "34359738368");
  EXPECT_EQ(First(of(TypeId::kDouble), "1.5"), "1.5");
  EXPECT_EQ(First(of(TypeId::kString), "\"a \\\"b\\\"\""), "a \"b\"");
  EXPECT_EQ(First(of(TypeId::kDate), "\"2024-02-29\""), "2024-02-29");
  EXPECT_EQ(First(of(TypeId::kTime), "\"22:31:08.123456\""), "22:31:08.123456");
  EXPECT_EQ(First(of(TypeId::kTimestamp), "\"2017-11-16T22:31:08.123456\""),
            "2017-11-16 22:31:08.123456");
  EXPECT_EQ(First(of(TypeId::kTimestamptz), "\"2017-11-16T22:31:08.123456+00:00\""),
            "2017-11-16 22:31:08.123456Z");
  Field decimal = of(TypeId::kDecimal);
  decimal.type.precision = 9;
  decimal.type.scale = 2;
  EXPECT_EQ(First(decimal, "\"14.20\""), "14.20");
  decimal.type.precision = 30;
  EXPECT_EQ(First(decimal, "\"-14.20\""), "-14.20");
  FieldHints bytes;
  bytes.defaults = {{9, "\"000102ff\""}, {10, "\"f79c3e09-677c-4bbd-a479-3f349cb785e7\""}};
  const auto raw = ProjectColumn(nullptr, of(TypeId::kBinary), bytes, 1);
  ASSERT_TRUE(raw);
  EXPECT_EQ(static_cast<const arrow::BinaryArray&>(**raw).GetString(0),
            std::string("\x00\x01\x02\xff", 4));
  const auto uuid = ProjectColumn(nullptr, {10, "u", false, {.id = TypeId::kUuid}, ""}, bytes, 1);
  ASSERT_TRUE(uuid);
  EXPECT_EQ(static_cast<const arrow::FixedSizeBinaryArray&>(**uuid).GetString(0).substr(0, 2),
            "\xf7\x9c");
}

TEST(FieldHintsTest, StructWithADefaultIsThereWithTheDefaultsOfItsFields) {
  Field place{1, "place", false, {.id = TypeId::kStruct}, ""};
  place.type.children = {{2, "lat", false, {.id = TypeId::kLong}, ""},
                         {3, "lon", false, {.id = TypeId::kLong}, ""}};
  FieldHints hints;
  hints.defaults = {{1, "{}"}, {2, "4"}};
  const auto column = ProjectColumn(nullptr, place, hints, 2);
  ASSERT_TRUE(column);
  const auto& rows = static_cast<const arrow::StructArray&>(**column);
  EXPECT_EQ(rows.null_count(), 0);
  EXPECT_EQ(static_cast<const arrow::Int64Array&>(*rows.field(0)).Value(1), 4);
  EXPECT_TRUE(rows.field(1)->IsNull(1));
}

TEST(FieldHintsTest, DefaultThatIsNoValueOfTheTypeIsAnErrorAndNeverNull) {
  for (const char* json : {"\"x\"", "[1]", "99999999999", "{"}) {
    FieldHints hints;
    hints.defaults[9] = json;
    const auto column = ProjectColumn(nullptr, {9, "f", false, {.id = TypeId::kInt}, ""}, hints, 1);
    ASSERT_FALSE(column) << json;
    EXPECT_EQ(column.error().code(), "LAKE-READ-001");
  }
}

}  // namespace
}  // namespace firn::lake::internal
