// What could go wrong in production: a query loses digits, drops a column, gives a customer twice
// or a null where consumers count on a value, and nobody hears of it before they read it; or the
// message that says so holds somebody's data.
#include "ends/lake/publish/conform.h"

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_decimal.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "ends/lake/format/schema_json.h"
#include "ends/lake/read/row_text.h"
#include "tests/support/test_folder.h"

namespace firn::lake {
namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

std::shared_ptr<arrow::Array> Texts(const std::vector<std::optional<std::string>>& values) {
  arrow::StringBuilder builder;
  for (const auto& value : values) {
    EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  }
  return *builder.Finish();
}

std::shared_ptr<arrow::Array> Reals(const std::vector<double>& values) {
  arrow::DoubleBuilder builder;
  EXPECT_TRUE(builder.AppendValues(values).ok());
  return *builder.Finish();
}

std::shared_ptr<arrow::Array> Decimals(const std::vector<int64_t>& unscaled, int scale) {
  arrow::Decimal128Builder builder(arrow::decimal128(38, scale));
  for (const int64_t value : unscaled) EXPECT_TRUE(builder.Append(arrow::Decimal128(value)).ok());
  return *builder.Finish();
}

BatchPtr Batch(const std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>>& columns) {
  arrow::FieldVector fields;
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (const auto& [name, array] : columns) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(array);
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), arrays.front()->length(), arrays);
}

class Conform : public testing::Test {
 protected:
  Conform() {
    Declare("Id", "string", true);
    Declare("Amount", "decimal(9, 2)", false);
    contract_.key = {"Id"};
  }

  void Declare(const std::string& name, const std::string& type, bool required) {
    record::Field field;
    field.id = static_cast<int>(contract_.schema.fields.size()) + 1;
    field.name = name;
    field.required = required;
    field.type = *ParsePrimitive(type);
    contract_.schema.fields.push_back(std::move(field));
  }

  // Rows as JSON lines, or the error's code.
  std::string Run(const std::vector<BatchPtr>& batches) {
    std::vector<StreamColumn> columns;
    for (const auto& field : batches.front()->schema()->fields())
      columns.push_back({field->name(), field->type()->ToString()});
    auto conformer = Conformer::New(contract_, columns, spill_);
    if (!conformer) return Told(conformer.error());
    std::string out;
    for (const BatchPtr& batch : batches) {
      const auto taken = (*conformer)->Take(*batch);
      if (!taken) return Told(taken.error());
      const RowText text(**taken, contract_.schema);
      for (int64_t row = 0; row < text.rows(); ++row) out += text.JsonObject(row) + "\n";
    }
    const auto finished = (*conformer)->Finish();
    if (!finished) return Told(finished.error());
    EXPECT_EQ((*conformer)->hashes().size(), contract_.schema.fields.size());
    return out;
  }
  std::string Told(const Error& error) {
    why_ = error.why();
    return error.code();
  }

  TestFolder temporary_;
  std::string spill_ = temporary_.path();
  RowContract contract_;
  std::string why_;
};

TEST_F(Conform, RowsTakeTheDeclaredOrderAndTypes) {
  EXPECT_EQ(Run({Batch({{"Amount", Decimals({12500, 5}, 3)}, {"Id", Texts({"a", "b"})}})}),
            "LAKE-CONTRACT-002");
  EXPECT_EQ(Run({Batch({{"Amount", Decimals({12500, 50}, 3)}, {"Id", Texts({"a", "b"})}})}),
            "{\"Id\":\"a\",\"Amount\":12.50}\n{\"Id\":\"b\",\"Amount\":0.05}\n");
}

TEST_F(Conform, EveryColumnThatIsMissingOrUndeclaredIsNamed) {
  EXPECT_EQ(Run({Batch({{"Id", Texts({"a"})}, {"Secret", Texts({"s"})}})}), "LAKE-CONTRACT-001");
  EXPECT_EQ(why_, "column `Secret` (string) is not declared; column `Amount` is missing");
}

TEST_F(Conform, ATypeThatCannotBecomeTheDeclaredOneIsRefused) {
  EXPECT_EQ(Run({Batch({{"Id", Texts({"a"})}, {"Amount", Reals({1.5})}})}), "LAKE-CONTRACT-001");
  EXPECT_EQ(why_, "column `Amount` is missing or no `decimal(9, 2)`");
}

TEST_F(Conform, AValueThatWouldLoseDigitsIsRefusedByItsRowAndNeverShown) {
  EXPECT_EQ(Run({Batch({{"Id", Texts({"a"})}, {"Amount", Decimals({1}, 2)}}),
                 Batch({{"Id", Texts({"b", "c"})}, {"Amount", Decimals({1, 777777777777}, 2)}})}),
            "LAKE-CONTRACT-002");
  EXPECT_EQ(why_, "the value of `Amount` in row 3 is no `decimal(9, 2)` without loss");
}

TEST_F(Conform, AWholeNumberThatCameAsARealOneIsTakenAndAFractionIsNot) {
  contract_.schema.fields.pop_back();
  Declare("Orders", "long", false);
  EXPECT_EQ(Run({Batch({{"Id", Texts({"a"})}, {"Orders", Reals({7})}})}),
            "{\"Id\":\"a\",\"Orders\":7}\n");
  EXPECT_EQ(Run({Batch({{"Id", Texts({"a"})}, {"Orders", Reals({7.5})}})}), "LAKE-CONTRACT-002");
}

TEST_F(Conform, ANullWhereAValueIsRequiredIsRefusedByItsRow) {
  EXPECT_EQ(Run({Batch({{"Id", Texts({"a", std::nullopt})}, {"Amount", Decimals({1, 2}, 2)}})}),
            "LAKE-CONTRACT-003");
  EXPECT_EQ(why_, "`Id` is required and null in row 2");
}

TEST_F(Conform, AKeyThatTwoRowsShareIsRefusedWithoutTheKey) {
  EXPECT_EQ(Run({Batch({{"Id", Texts({"a", "b"})}, {"Amount", Decimals({1, 2}, 2)}}),
                 Batch({{"Id", Texts({"c", "a"})}, {"Amount", Decimals({1, 2}, 2)}})}),
            "LAKE-CONTRACT-004");
  EXPECT_EQ(why_, "1 rows have a key (`Id`) that an earlier row has; the first are rows 1 and 4");
}

TEST_F(Conform, KeysThatWereSpilledAreComparedToo) {
  std::vector<BatchPtr> batches;
  for (int batch = 0; batch < 80; ++batch) {
    std::vector<std::optional<std::string>> ids;
    for (int row = 0; row < 4096; ++row) ids.push_back(std::to_string(batch * 4096 + row));
    if (batch == 79) ids.back() = "17";
    batches.push_back(
        Batch({{"Id", Texts(ids)}, {"Amount", Decimals(std::vector<int64_t>(4096, 1), 2)}}));
  }
  EXPECT_EQ(Run(batches), "LAKE-CONTRACT-004");
  EXPECT_NE(why_.find("rows 18 and 327680"), std::string::npos) << why_;
  EXPECT_TRUE(std::filesystem::is_empty(spill_));
}

}  // namespace
}  // namespace firn::lake
