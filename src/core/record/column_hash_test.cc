// What could go wrong in production: two sides that hold different values have the same hash, so
// that a comparison calls them equal.
#include "core/record/column_hash.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

namespace firn::record {
namespace {

std::shared_ptr<arrow::Array> Texts(const std::vector<std::string>& values) {
  arrow::StringBuilder builder;
  EXPECT_TRUE(builder.AppendValues(values).ok());
  return *builder.Finish();
}

std::shared_ptr<arrow::RecordBatch> Batch(
    const std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>>& columns) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (const auto& [name, array] : columns) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(array);
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), arrays.front()->length(), arrays);
}

Schema SchemaOf(const arrow::RecordBatch& batch) {
  Schema schema;
  for (const auto& field : batch.schema()->fields()) {
    schema.fields.push_back(
        {static_cast<int>(schema.fields.size()) + 1, field->name(), false, {}, ""});
  }
  return schema;
}

uint64_t RowHash(const std::shared_ptr<arrow::RecordBatch>& batch) {
  std::vector<RowMark> marks;
  RowMarks(*batch, SchemaOf(*batch), "", marks);
  return marks.at(0).hash;
}

uint64_t ColumnHash(const std::shared_ptr<arrow::RecordBatch>& batch, size_t column) {
  ColumnHashes hashes;
  AddColumnHashes(*batch, SchemaOf(*batch), hashes);
  return hashes.at(column);
}

std::shared_ptr<arrow::Array> Address(const std::string& street, const std::string& city) {
  return *arrow::StructArray::Make({Texts({street}), Texts({city})},
                                   std::vector<std::string>{"street", "city"});
}

TEST(RowMarks, TheFirstColumnCountsLikeAnyOther) {
  const auto ids = Texts({"001000000000001AAA"});
  EXPECT_NE(RowHash(Batch({{"Name", Texts({"a"})}, {"Id", ids}})),
            RowHash(Batch({{"Name", Texts({"b"})}, {"Id", ids}})));
  EXPECT_NE(RowHash(Batch({{"Id", ids}, {"Name", Texts({"a"})}})),
            RowHash(Batch({{"Id", ids}, {"Name", Texts({"b"})}})));
}

TEST(RowMarks, TheFirstPartOfACompoundFieldCountsLikeAnyOther) {
  const auto ids = Texts({"001000000000001AAA"});
  const auto hash = [&](const std::string& street, const std::string& city) {
    return RowHash(Batch({{"Id", ids}, {"BillingAddress", Address(street, city)}}));
  };
  EXPECT_NE(hash("Main St 1", "Bern"), hash("Main St 2", "Bern"));
  EXPECT_NE(hash("Main St 1", "Bern"), hash("Main St 1", "Basel"));
  EXPECT_EQ(hash("Main St 1", "Bern"), hash("Main St 1", "Bern"));
}

TEST(ColumnHashes, WithoutAnIdTheValuesCountAllTheSame) {
  EXPECT_NE(ColumnHash(Batch({{"Name", Texts({"a", "b"})}}), 0),
            ColumnHash(Batch({{"Name", Texts({"a", "c"})}}), 0));
  EXPECT_EQ(ColumnHash(Batch({{"Name", Texts({"a", "b"})}}), 0),
            ColumnHash(Batch({{"Name", Texts({"b", "a"})}}), 0));
}

TEST(ValueHashes, NullIsNoValue) {
  arrow::StringBuilder builder;
  ASSERT_TRUE(builder.Append("").ok());
  ASSERT_TRUE(builder.AppendNull().ok());
  ASSERT_TRUE(builder.Append("").ok());
  std::vector<uint64_t> hashes;
  ValueHashes(**builder.Finish(), hashes);
  ASSERT_EQ(hashes.size(), 3U);
  EXPECT_NE(hashes[0], hashes[1]);
  EXPECT_EQ(hashes[0], hashes[2]);
}

}  // namespace
}  // namespace firn::record
