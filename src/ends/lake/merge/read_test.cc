// What could go wrong in production: a partial change is put onto another record's value, because
// a value was taken from the wrong place of a page.
#include "ends/lake/merge/read.h"

#include <arrow/api.h>
#include <arrow/compute/api_vector.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include <filesystem>
#include <random>

#include "core/base/file.h"
#include "core/record/arrow_schema.h"
#include "ends/lake/write/parquet_writer.h"
#include "tests/support/test_folder.h"

namespace firn::lake {
namespace {

using record::TypeId;
using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

record::Field FieldOf(int id, const char* name, TypeId type, bool required = false) {
  record::Field field{id, name, required, {}, ""};
  field.type.id = type;
  return field;
}

record::Schema EveryType() {
  record::Schema schema;
  schema.fields = {FieldOf(1, "Id", TypeId::kString, true), FieldOf(2, "Text", TypeId::kString),
                   FieldOf(3, "Kind", TypeId::kString),     FieldOf(4, "Flag", TypeId::kBoolean),
                   FieldOf(5, "Small", TypeId::kInt),       FieldOf(6, "Large", TypeId::kLong),
                   FieldOf(7, "Real", TypeId::kDouble),     FieldOf(8, "Day", TypeId::kDate),
                   FieldOf(9, "At", TypeId::kTimestamptz),  FieldOf(10, "Price", TypeId::kDecimal),
                   FieldOf(11, "Sum", TypeId::kDecimal),    FieldOf(12, "Bytes", TypeId::kBinary),
                   FieldOf(13, "Clock", TypeId::kTime),     FieldOf(14, "Single", TypeId::kFloat),
                   FieldOf(15, "Parts", TypeId::kStruct)};
  schema.fields[9].type.precision = 9;
  schema.fields[9].type.scale = 2;
  schema.fields[10].type.precision = 30;
  schema.fields[10].type.scale = 2;
  schema.fields[14].type.children = {FieldOf(16, "City", TypeId::kString)};
  return schema;
}

class MergeReadTest : public testing::Test {
 protected:
  MergeReadTest() { schema_ = EveryType(); }

  // Every third value of a column that may be null is null.
  BatchPtr Rows(int64_t first, int64_t rows) {
    std::vector<std::shared_ptr<arrow::Array>> columns;
    const auto arrow_schema = record::ArrowSchema(schema_);
    for (const auto& field : arrow_schema->fields()) {
      const auto builder = *arrow::MakeBuilder(field->type());
      for (int64_t row = first; row < first + rows; ++row) {
        const bool null = field->nullable() && row % 3 == 0;
        const auto text = std::to_string(row) + std::string(static_cast<size_t>(row % 50), 'x');
        EXPECT_TRUE((null ? builder->AppendNull() : Append(*builder, *field, row, text)).ok());
      }
      columns.push_back(*builder->Finish());
    }
    return arrow::RecordBatch::Make(arrow_schema, rows, columns);
  }
  static arrow::Status Append(arrow::ArrayBuilder& builder, const arrow::Field& field, int64_t row,
                              const std::string& text) {
    if (field.name() == "Kind")
      return static_cast<arrow::StringBuilder&>(builder).Append("kind" + std::to_string(row % 5));
    if (field.type()->id() == arrow::Type::STRUCT) {
      auto& parts = static_cast<arrow::StructBuilder&>(builder);
      ARROW_RETURN_NOT_OK(parts.Append());
      return static_cast<arrow::StringBuilder&>(*parts.field_builder(0)).Append(text);
    }
    if (field.type()->id() == arrow::Type::STRING)
      return static_cast<arrow::StringBuilder&>(builder).Append(text);
    if (field.type()->id() == arrow::Type::BINARY)
      return static_cast<arrow::BinaryBuilder&>(builder).Append(text);
    if (field.type()->id() == arrow::Type::BOOL)
      return static_cast<arrow::BooleanBuilder&>(builder).Append(row % 2 == 0);
    if (field.type()->id() == arrow::Type::DECIMAL128)
      return static_cast<arrow::Decimal128Builder&>(builder).Append(arrow::Decimal128(row - 500));
    ARROW_ASSIGN_OR_RAISE(const auto scalar, arrow::MakeScalar(field.type(), row));
    return builder.AppendScalar(*scalar);
  }

  DataFile Write(const std::vector<BatchPtr>& batches, int64_t group_rows) {
    record::Layout layout;
    layout.schema = schema_;
    record::SourceColumn kind;
    kind.name = "Kind";
    kind.field_index = 2;
    kind.dictionary = true;
    layout.columns = {kind};
    ParquetOptions options;
    options.row_group_rows = group_rows;
    const std::string path = folder_ + "/rows.parquet";
    const auto writer = ParquetWriter::Open(path, layout, options);
    EXPECT_TRUE(writer);
    for (const BatchPtr& batch : batches) EXPECT_TRUE((*writer)->Write(*batch));
    auto file = (*writer)->Close();
    EXPECT_TRUE(file);
    file->path = FileUri(path);
    return *file;
  }

  Result<BatchPtr> Read(const DataFile& file, const std::vector<int64_t>& rows) {
    internal::SourceOptions options;
    options.schema = schema_;
    return ReadRowsAt(call_, *LocalStore(folder_), file, options, rows);
  }

  Call call_;
  TestFolder temporary_;
  std::string folder_ = temporary_.path();
  record::Schema schema_;
};

void ExpectRows(const arrow::RecordBatch& read, const arrow::RecordBatch& all,
                const std::vector<int64_t>& rows) {
  ASSERT_EQ(read.num_rows(), static_cast<int64_t>(rows.size()));
  const arrow::Int64Array at(static_cast<int64_t>(rows.size()), arrow::Buffer::Wrap(rows));
  for (int i = 0; i < all.num_columns(); ++i) {
    const auto wanted = arrow::compute::Take(*all.column(i), at);
    ASSERT_TRUE(wanted.ok());
    EXPECT_TRUE(read.column(i)->Equals(**wanted)) << all.column_name(i);
  }
}

TEST_F(MergeReadTest, ChosenRowsAreThoseThatAWholeReadFindsThere) {
  // Several pages a column (20,480 rows each) and several row groups.
  constexpr int64_t kRows = 70'000;
  const BatchPtr all = Rows(0, kRows);
  const DataFile file = Write({all}, 50'000);
  std::mt19937_64 random(7);
  for (const size_t count : {size_t{1}, size_t{3}, size_t{500}, size_t{20'000}}) {
    std::vector<int64_t> rows(count);
    for (int64_t& row : rows) row = static_cast<int64_t>(random() % kRows);
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    const auto read = Read(file, rows);
    ASSERT_TRUE(read) << read.error().OneLine();
    ExpectRows(**read, *all, rows);
  }
  for (const std::vector<int64_t>& rows : {std::vector<int64_t>{0}, std::vector<int64_t>{kRows - 1},
                                           std::vector<int64_t>{20'479, 20'480, 49'999, 50'000}}) {
    const auto read = Read(file, rows);
    ASSERT_TRUE(read) << read.error().OneLine();
    ExpectRows(**read, *all, rows);
  }
}

TEST_F(MergeReadTest, AFileThatWasCutShortIsNamed) {
  DataFile file = Write({Rows(0, 1000)}, 500);
  const std::string path = folder_ + "/rows.parquet";
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  const auto read = Read(file, {1});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), "LAKE-READ-001");
  EXPECT_NE(read.error().where().find("rows.parquet"), std::string::npos);
}

TEST_F(MergeReadTest, ChangedBytesAreRefusedOrReadButNeverEndTheProcess) {
  const BatchPtr all = Rows(0, 2000);
  const DataFile file = Write({all}, 2000);
  const std::string path = folder_ + "/rows.parquet";
  auto bytes = ReadFile(path);
  ASSERT_TRUE(bytes);
  int refused = 0;
  for (size_t at = 40; at < 400; at += 20) {
    std::string damaged = *bytes;
    damaged[at] = static_cast<char>(~damaged[at]);
    ASSERT_TRUE(WriteFileDurably(path, damaged));
    if (!Read(file, {1500})) ++refused;
  }
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace firn::lake
