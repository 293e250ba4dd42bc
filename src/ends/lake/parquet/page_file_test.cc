// What could go wrong in production: a cell that another engine reads differently, or bounds that
// make it skip rows that are there. Arrow reads what we write, and its own writer is the measure.
#include "ends/lake/parquet/page_file.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/builder.h>
#include <arrow/io/file.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/page_index.h>
#include <parquet/statistics.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <random>

#include "core/record/arrow_schema.h"
#include "ends/lake/format/single_value.h"
#include "ends/lake/parquet/arrow_file.h"
#include "ends/lake/parquet/leaf_values.h"
#include "tests/support/test_folder.h"

namespace firn::lake {
namespace {

using record::Field;
using record::TypeId;
using Batches = std::vector<std::shared_ptr<arrow::RecordBatch>>;

Field Make(int id, const std::string& name, TypeId type, bool required = false) {
  Field field{id, name, required, {}, ""};
  field.type.id = type;
  return field;
}

Field Decimal(int id, const std::string& name, int precision) {
  Field field = Make(id, name, TypeId::kDecimal);
  field.type.precision = precision;
  field.type.scale = 2;
  return field;
}

Field Fine(int id, const std::string& name, TypeId type) {
  Field field = Make(id, name, type);
  field.type.precision = kNanosecondDigits;
  return field;
}

// Every type that a page file takes, nullable and not, alone and nested.
record::Layout EveryType() {
  record::Layout layout;
  layout.schema.fields = {Make(1, "Id", TypeId::kString, true),
                          Make(2, "Stage", TypeId::kString),
                          Make(3, "Text", TypeId::kString),
                          Make(4, "Bytes", TypeId::kBinary),
                          Make(5, "Open", TypeId::kBoolean),
                          Make(6, "Count", TypeId::kInt),
                          Make(7, "Long", TypeId::kLong, true),
                          Make(8, "Share", TypeId::kDouble),
                          Make(9, "Ratio", TypeId::kFloat),
                          Make(10, "Born", TypeId::kDate),
                          Make(11, "Noon", TypeId::kTime),
                          Make(12, "At", TypeId::kTimestamptz),
                          Make(13, "Local", TypeId::kTimestamp),
                          Decimal(14, "Small", 9),
                          Decimal(15, "Amount", 18),
                          Decimal(16, "Wide", 38),
                          Fine(17, "FineAt", TypeId::kTimestamptz),
                          Fine(18, "FineLocal", TypeId::kTimestamp)};
  for (const bool required : {false, true}) {
    const int base = required ? 40 : 20;
    Field place = Make(base, required ? "Point" : "Address", TypeId::kStruct, required);
    place.type.children = {Make(base + 1, "City", TypeId::kString),
                           Make(base + 2, "Latitude", TypeId::kDouble),
                           Make(base + 3, "Code", TypeId::kInt, true)};
    layout.schema.fields.push_back(place);
    Field tags = Make(base + 10, required ? "Marks" : "Tags", TypeId::kList, required);
    tags.type.children = {Make(base + 11, "element", TypeId::kString, required)};
    layout.schema.fields.push_back(tags);
  }
  for (size_t i = 0; i < layout.schema.fields.size(); ++i) {
    const std::string& name = layout.schema.fields[i].name;
    if (name != "Stage" && name != "Tags") continue;
    record::SourceColumn column;
    column.name = name;
    column.field_index = static_cast<int>(i);
    column.dictionary = true;
    layout.columns.push_back(column);
  }
  return layout;
}

std::string RandomText(std::mt19937_64& random) {
  if (random() % 50 == 0) return std::string(random() % 30'000, 'x');
  std::string text(random() % 40, '\0');
  for (char& byte : text) byte = static_cast<char>(random() % 200);
  return text;
}

// A column of random values with nulls where they may be.
class Filler {
 public:
  explicit Filler(uint64_t seed) : random_(seed) {}

  arrow::Status Fill(const arrow::Field& field, int64_t rows, arrow::ArrayBuilder& out) {
    for (int64_t row = 0; row < rows; ++row) {
      ARROW_RETURN_NOT_OK(field.nullable() && random_() % 4 == 0 ? out.AppendNull()
                                                                 : Value(*field.type(), out));
    }
    return arrow::Status::OK();
  }

 private:
  template <typename Builder, typename T>
  static arrow::Status Put(arrow::ArrayBuilder& out, T value) {
    return static_cast<Builder&>(out).Append(value);
  }
  arrow::Status Value(const arrow::DataType& type, arrow::ArrayBuilder& out) {
    const auto number = static_cast<int64_t>(random_() >> (random_() % 64));
    switch (type.id()) {
      case arrow::Type::STRING:
        return Put<arrow::StringBuilder>(out, random_() % 2 == 0
                                                  ? std::to_string(number % 7)
                                                  : RandomText(random_).substr(0, 30));
      case arrow::Type::BINARY:
        return Put<arrow::BinaryBuilder>(out, RandomText(random_));
      case arrow::Type::BOOL:
        return Put<arrow::BooleanBuilder>(out, number % 2 == 0);
      case arrow::Type::INT32:
        return Put<arrow::Int32Builder>(out, static_cast<int32_t>(number));
      case arrow::Type::INT64:
        return Put<arrow::Int64Builder>(out, number);
      case arrow::Type::DATE32:
        return Put<arrow::Date32Builder>(out, static_cast<int32_t>(number % 50'000));
      case arrow::Type::TIME64:
        return Put<arrow::Time64Builder>(out, number % 86'400'000'000);
      case arrow::Type::TIMESTAMP:
        return Put<arrow::TimestampBuilder>(out, number);
      case arrow::Type::DOUBLE:
        return Put<arrow::DoubleBuilder>(out, static_cast<double>(number) / 7);
      case arrow::Type::FLOAT:
        return Put<arrow::FloatBuilder>(out, static_cast<float>(number) / 7);
      case arrow::Type::DECIMAL64:
        return Put<arrow::Decimal64Builder>(out, arrow::Decimal64(number % 999'999'999));
      case arrow::Type::DECIMAL128:
        return Put<arrow::Decimal128Builder>(out, arrow::Decimal128(number % 3 - 1, random_()));
      case arrow::Type::STRUCT: {
        auto& structs = static_cast<arrow::StructBuilder&>(out);
        for (int i = 0; i < type.num_fields(); ++i) {
          ARROW_RETURN_NOT_OK(Fill(*type.field(i), 1, *structs.field_builder(i)));
        }
        return structs.Append();
      }
      default: {
        auto& lists = static_cast<arrow::ListBuilder&>(out);
        ARROW_RETURN_NOT_OK(lists.Append());
        return Fill(*type.field(0), static_cast<int64_t>(random_() % 4), *lists.value_builder());
      }
    }
  }

  std::mt19937_64 random_;
};

std::shared_ptr<arrow::RecordBatch> RandomBatch(const record::Schema& schema, int64_t rows,
                                                uint64_t seed) {
  const auto arrow_schema = record::ArrowSchema(schema);
  Filler filler(seed);
  arrow::ArrayVector columns;
  for (const auto& field : arrow_schema->fields()) {
    std::unique_ptr<arrow::ArrayBuilder> builder;
    EXPECT_TRUE(arrow::MakeBuilder(arrow::default_memory_pool(), field->type(), &builder).ok());
    EXPECT_TRUE(filler.Fill(*field, rows, *builder).ok());
    columns.push_back(*builder->Finish());
  }
  return arrow::RecordBatch::Make(arrow_schema, rows, std::move(columns));
}

class PageFileTest : public testing::Test {
 protected:
  template <typename Opener>
  DataFile Write(const std::string& name, const record::Layout& layout, const Batches& batches,
                 Opener&& opener, const ParquetOptions& options = {}) {
    auto writer = opener(folder_ + "/" + name, layout, options);
    EXPECT_TRUE(writer.has_value());
    for (const auto& batch : batches) EXPECT_TRUE((*writer)->Write(*batch).has_value());
    auto file = (*writer)->Close();
    EXPECT_TRUE(file.has_value());
    return *file;
  }
  DataFile WritePages(const record::Layout& layout, const Batches& batches,
                      const ParquetOptions& options = {}) {
    return Write("pages.parquet", layout, batches, OpenPageFile, options);
  }
  std::shared_ptr<arrow::Table> Read(const std::string& name = "pages.parquet") {
    auto reader = *parquet::arrow::OpenFile(*arrow::io::ReadableFile::Open(folder_ + "/" + name),
                                            arrow::default_memory_pool());
    auto table = reader->ReadTable();
    EXPECT_TRUE(table.ok()) << table.status();
    return *table;
  }
  std::shared_ptr<parquet::FileMetaData> Footer(const std::string& name = "pages.parquet") {
    // What is asked of a footer looks into it.
    footers_.push_back(parquet::ParquetFileReader::OpenFile(folder_ + "/" + name)->metadata());
    return footers_.back();
  }
  static void ExpectSame(const arrow::Table& read, const arrow::Table& written) {
    ASSERT_EQ(read.num_rows(), written.num_rows());
    for (int i = 0; i < written.num_columns(); ++i) {
      const auto a = *arrow::Concatenate(read.column(i)->chunks());
      const auto b = *arrow::Concatenate(written.column(i)->chunks());
      EXPECT_TRUE(a->Equals(*b)) << written.field(i)->name() << ": " << a->Diff(*b);
    }
  }

  TestFolder temporary_;
  std::string folder_ = temporary_.path();
  std::vector<std::shared_ptr<parquet::FileMetaData>> footers_;
};

TEST_F(PageFileTest, EveryTypeReadsBackAsArrowsOwnWriterWroteIt) {
  const record::Layout layout = EveryType();
  ASSERT_TRUE(FitsPageFile(layout.schema));
  const Batches batches = {RandomBatch(layout.schema, 30'001, 1), RandomBatch(layout.schema, 1, 2),
                           RandomBatch(layout.schema, 9'999, 3)};
  ParquetOptions options;
  options.row_group_rows = 23'000;
  const DataFile ours = WritePages(layout, batches, options);
  const DataFile theirs = Write("arrow.parquet", layout, batches, OpenArrowFile, options);
  ExpectSame(*Read(), *Read("arrow.parquet"));
  EXPECT_EQ(ours.record_count, 40'001);
  EXPECT_EQ(ours.value_counts, theirs.value_counts);
  EXPECT_EQ(ours.null_value_counts, theirs.null_value_counts);
  EXPECT_EQ(ours.lower_bounds, theirs.lower_bounds);
  EXPECT_EQ(ours.upper_bounds, theirs.upper_bounds);
  EXPECT_EQ(ours.split_offsets.size(), 2U);
  EXPECT_EQ(ours.split_offsets[0], 4);
  EXPECT_EQ(static_cast<uint64_t>(ours.file_size_bytes),
            std::filesystem::file_size(folder_ + "/pages.parquet"));
}

TEST_F(PageFileTest, SchemaIsThatOfArrowsOwnWriter) {
  const record::Layout layout = EveryType();
  const Batches batches = {RandomBatch(layout.schema, 10, 1)};
  WritePages(layout, batches);
  Write("arrow.parquet", layout, batches, OpenArrowFile);
  EXPECT_EQ(Footer()->schema()->ToString(), Footer("arrow.parquet")->schema()->ToString());
}

TEST_F(PageFileTest, SlicedBatchesAndPlainEncodingReadBack) {
  const record::Layout layout = EveryType();
  const auto whole = RandomBatch(layout.schema, 1'000, 4);
  Batches slices;
  for (int64_t at = 0; at < 1'000; at += 7) slices.push_back(whole->Slice(at, 7));
  ParquetOptions options;
  options.plain_encoding = true;
  WritePages(layout, slices, options);
  Write("arrow.parquet", layout, {whole}, OpenArrowFile);
  ExpectSame(*Read(), *Read("arrow.parquet"));
}

TEST_F(PageFileTest, AQuickFileHoldsTheSameRowsAndBounds) {
  const record::Layout layout = EveryType();
  const Batches batches = {RandomBatch(layout.schema, 30'001, 5)};
  const DataFile small = Write("small.parquet", layout, batches, OpenPageFile);
  ParquetOptions options;
  options.packing = Packing::kQuick;
  const DataFile quick = WritePages(layout, batches, options);
  Write("arrow.parquet", layout, batches, OpenArrowFile, options);
  ExpectSame(*Read(), *Read("small.parquet"));
  ExpectSame(*Read("arrow.parquet"), *Read("small.parquet"));
  EXPECT_EQ(quick.lower_bounds, small.lower_bounds);
  EXPECT_EQ(quick.upper_bounds, small.upper_bounds);
  for (const char* name : {"pages.parquet", "arrow.parquet"}) {
    const auto group = Footer(name)->RowGroup(0);
    int packed = 0;
    for (int column = 0; column < group->num_columns(); ++column) {
      const auto codec = group->ColumnChunk(column)->compression();
      EXPECT_NE(codec, parquet::Compression::ZSTD) << column;
      packed += codec == parquet::Compression::SNAPPY ? 1 : 0;
    }
    EXPECT_GT(packed, 0) << name;
  }
}

// One text column, and whether it has a dictionary.
record::Layout OneText(bool dictionary) {
  record::Layout layout;
  layout.schema.fields = {Make(1, "Text", TypeId::kString)};
  record::SourceColumn column;
  column.name = "Text";
  column.field_index = 0;
  column.dictionary = dictionary;
  layout.columns = {column};
  return layout;
}

template <typename TextOf>
std::shared_ptr<arrow::RecordBatch> Texts(const record::Layout& layout, int64_t rows,
                                          TextOf&& text_of) {
  arrow::StringBuilder texts;
  for (int64_t row = 0; row < rows; ++row) {
    const std::optional<std::string> text = text_of(row);
    EXPECT_TRUE((text ? texts.Append(*text) : texts.AppendNull()).ok());
  }
  return arrow::RecordBatch::Make(record::ArrowSchema(layout.schema), rows, {*texts.Finish()});
}

std::shared_ptr<arrow::Table> AsTable(const Batches& batches) {
  return *arrow::Table::FromRecordBatches(batches);
}

std::vector<parquet::Encoding::type> DataEncodings(const parquet::ColumnChunkMetaData& chunk) {
  std::vector<parquet::Encoding::type> encodings;
  for (const auto& stats : chunk.encoding_stats()) {
    if (stats.page_type == parquet::PageType::DATA_PAGE) encodings.push_back(stats.encoding);
  }
  return encodings;
}

TEST_F(PageFileTest, ADictionaryIsWholeInEveryRowGroup) {
  const record::Layout layout = OneText(true);
  const auto batch = Texts(layout, 100'000, [](int64_t row) {
    return row % 5 == 0 ? std::nullopt : std::optional("stage " + std::to_string(row * row % 300));
  });
  ParquetOptions options;
  options.row_group_rows = 30'000;
  const DataFile file = WritePages(layout, {batch}, options);
  ExpectSame(*Read(), *AsTable({batch}));
  ASSERT_EQ(Footer()->num_row_groups(), 4);
  for (int group = 0; group < 4; ++group) {
    const auto chunk = Footer()->RowGroup(group)->ColumnChunk(0);
    EXPECT_TRUE(chunk->has_dictionary_page());
    EXPECT_EQ(DataEncodings(*chunk),
              std::vector<parquet::Encoding::type>{parquet::Encoding::RLE_DICTIONARY});
  }
  EXPECT_EQ(file.null_value_counts.at(1), 20'000);
  EXPECT_EQ(file.lower_bounds.at(1), "stage 1");
  EXPECT_EQ(file.upper_bounds.at(1), "stage 96");
}

TEST_F(PageFileTest, ADictionaryThatOutgrowsItsRoomGoesOnInPlain) {
  const record::Layout layout = OneText(true);
  const auto batch = Texts(layout, 120'000, [](int64_t row) {
    return std::optional("a value of its own " + std::to_string(1'000'000 - row));
  });
  ParquetOptions options;
  options.row_group_rows = 100'000;
  const DataFile file = WritePages(layout, {batch}, options);
  ExpectSame(*Read(), *AsTable({batch}));
  const auto first = Footer()->RowGroup(0)->ColumnChunk(0);
  EXPECT_TRUE(first->has_dictionary_page());
  EXPECT_EQ(DataEncodings(*first),
            (std::vector<parquet::Encoding::type>{parquet::Encoding::PLAIN,
                                                  parquet::Encoding::RLE_DICTIONARY}));
  // Described as few, it has many: the next row group does not try again.
  const auto second = Footer()->RowGroup(1)->ColumnChunk(0);
  EXPECT_FALSE(second->has_dictionary_page());
  EXPECT_EQ(DataEncodings(*second), std::vector<parquet::Encoding::type>{parquet::Encoding::PLAIN});
  EXPECT_EQ(file.lower_bounds.at(1), "a value of its o");
  EXPECT_EQ(second->statistics()->EncodeMax(), "a value of its own 900000");
  EXPECT_EQ(first->statistics()->EncodeMin(), "a value of its own 1000000");
  EXPECT_EQ(first->statistics()->EncodeMax(), "a value of its own 999999");
}

TEST_F(PageFileTest, ADictionaryColumnOfNullsReadsBack) {
  const record::Layout layout = OneText(true);
  const auto nulls = Texts(layout, 50'000, [](int64_t) { return std::nullopt; });
  const auto late = Texts(layout, 50'000, [](int64_t row) {
    return row < 49'999 ? std::nullopt : std::optional<std::string>("at last");
  });
  ParquetOptions options;
  options.row_group_rows = 50'000;
  const DataFile file = WritePages(layout, {nulls, late}, options);
  ExpectSame(*Read(), *AsTable({nulls, late}));
  EXPECT_FALSE(Footer()->RowGroup(0)->ColumnChunk(0)->has_dictionary_page());
  EXPECT_TRUE(Footer()->RowGroup(1)->ColumnChunk(0)->has_dictionary_page());
  EXPECT_EQ(file.lower_bounds.at(1), "at last");
  EXPECT_EQ(file.null_value_counts.at(1), 99'999);
}

TEST_F(PageFileTest, TextsLargerThanAPageReadBackAndHaveNoBounds) {
  const record::Layout layout = OneText(false);
  const auto batch = Texts(layout, 40, [](int64_t row) {
    return std::optional(
        std::string(row % 10 == 0 ? 3'000'000 : 5'000, static_cast<char>('a' + row % 26)));
  });
  const DataFile file = WritePages(layout, {batch});
  ExpectSame(*Read(), *AsTable({batch}));
  EXPECT_EQ(file.lower_bounds.count(1), 0U);
}

TEST_F(PageFileTest, BoundsOfTextAreThoseOfItsBytes) {
  const record::Layout layout = OneText(false);
  const std::vector<std::string> texts = {"equal in its first bytes 2",
                                          "equal in its first bytes 1",
                                          "equal in its first bytes 3",
                                          std::string("equal\0", 6),
                                          "equal",
                                          "Zürich",
                                          "",
                                          "\xEE\x80\x80"};
  const auto batch = Texts(layout, static_cast<int64_t>(texts.size()), [&](int64_t row) {
    return std::optional(texts[static_cast<size_t>(row)]);
  });
  WritePages(layout, {batch->Slice(0, 5)});
  auto statistics = Footer()->RowGroup(0)->ColumnChunk(0)->statistics();
  EXPECT_EQ(statistics->EncodeMin(), "equal");
  EXPECT_EQ(statistics->EncodeMax(), "equal in its first bytes 3");
  WritePages(layout, {batch});
  statistics = Footer()->RowGroup(0)->ColumnChunk(0)->statistics();
  EXPECT_EQ(statistics->EncodeMin(), "");
  EXPECT_EQ(statistics->EncodeMax(), "\xEE\x80\x80");
}

TEST_F(PageFileTest, NoNumberIsNoBoundAndZeroHasTwoSigns) {
  record::Layout layout;
  layout.schema.fields = {Make(1, "Some", TypeId::kDouble), Make(2, "None", TypeId::kDouble)};
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  arrow::DoubleBuilder some;
  arrow::DoubleBuilder none;
  for (const double value : {kNan, 0.0, kNan}) {
    ASSERT_TRUE(some.Append(value).ok());
    ASSERT_TRUE(none.Append(kNan).ok());
  }
  WritePages(layout, {arrow::RecordBatch::Make(record::ArrowSchema(layout.schema), 3,
                                               {*some.Finish(), *none.Finish()})});
  const auto group = Footer()->RowGroup(0);
  double least = 1;
  double greatest = 1;
  std::memcpy(&least, group->ColumnChunk(0)->statistics()->EncodeMin().data(), 8);
  std::memcpy(&greatest, group->ColumnChunk(0)->statistics()->EncodeMax().data(), 8);
  EXPECT_TRUE(least == 0 && std::signbit(least));
  EXPECT_TRUE(greatest == 0 && !std::signbit(greatest));
  EXPECT_FALSE(group->ColumnChunk(1)->statistics()->HasMinMax());
}

// One number a row; a stage that changes with the page; a text that the second page lacks.
std::shared_ptr<arrow::RecordBatch> ThreePages(record::Layout& layout) {
  layout = OneText(true);
  layout.schema.fields.push_back(Make(2, "Number", TypeId::kLong, true));
  layout.schema.fields.push_back(Make(3, "Note", TypeId::kString));
  arrow::StringBuilder stages;
  arrow::Int64Builder numbers;
  arrow::StringBuilder notes;
  constexpr int64_t kRows = 2 * kPageRowsMax + 10;
  for (int64_t row = 0; row < kRows; ++row) {
    const int64_t page = row / kPageRowsMax;
    const std::string stage = std::to_string(page * 2 + row % 2);
    EXPECT_TRUE(stages.Append(stage).ok() && numbers.Append(row).ok());
    EXPECT_TRUE((page == 1 ? notes.AppendNull() : notes.Append("n" + stage)).ok());
  }
  return arrow::RecordBatch::Make(record::ArrowSchema(layout.schema), kRows,
                                  {*stages.Finish(), *numbers.Finish(), *notes.Finish()});
}

// Readers skip pages by this index: a bound too narrow loses rows.
TEST_F(PageFileTest, ThePageIndexTellsRowsAndBoundsOfEachPage) {
  record::Layout layout;
  const auto batch = ThreePages(layout);
  WritePages(layout, {batch->Slice(0, 31'000), batch->Slice(31'000)});
  const auto file = parquet::ParquetFileReader::OpenFile(folder_ + "/pages.parquet");
  const auto group = file->GetPageIndexReader()->RowGroup(0);
  const std::vector<std::vector<std::string>> least = {{"0", "2", "4"}, {}, {"n0", "", "n4"}};
  const std::vector<std::vector<std::string>> greatest = {{"1", "3", "5"}, {}, {"n1", "", "n5"}};
  for (const int text : {0, 2}) {
    const auto bounds = group->GetColumnIndex(text);
    ASSERT_NE(bounds, nullptr);
    EXPECT_EQ(bounds->encoded_min_values(), least[static_cast<size_t>(text)]);
    EXPECT_EQ(bounds->encoded_max_values(), greatest[static_cast<size_t>(text)]);
    EXPECT_EQ(bounds->null_pages(), (std::vector<bool>{false, text == 2, false}));
  }
  EXPECT_EQ(group->GetColumnIndex(2)->null_counts(), (std::vector<int64_t>{0, kPageRowsMax, 0}));
  const auto numbers =
      std::static_pointer_cast<parquet::Int64ColumnIndex>(group->GetColumnIndex(1));
  EXPECT_EQ(numbers->min_values(), (std::vector<int64_t>{0, kPageRowsMax, 2 * kPageRowsMax}));
  EXPECT_EQ(numbers->max_values(),
            (std::vector<int64_t>{kPageRowsMax - 1, 2 * kPageRowsMax - 1, 2 * kPageRowsMax + 9}));
  for (const int column : {0, 1, 2}) {
    const auto places = group->GetOffsetIndex(column);
    const auto& pages = places->page_locations();
    ASSERT_EQ(pages.size(), 3U);
    const auto chunk = file->metadata()->RowGroup(0)->ColumnChunk(column);
    int64_t at = chunk->data_page_offset();
    for (size_t i = 0; i < pages.size(); ++i) {
      EXPECT_EQ(pages[i].first_row_index, static_cast<int64_t>(i) * kPageRowsMax);
      EXPECT_EQ(pages[i].offset, at);
      at += pages[i].compressed_page_size;
    }
    const int64_t begin =
        chunk->has_dictionary_page() ? chunk->dictionary_page_offset() : chunk->data_page_offset();
    EXPECT_EQ(at, begin + chunk->total_compressed_size());
  }
}

TEST_F(PageFileTest, RowsOfOtherColumnsAreRefused) {
  record::Layout other;
  other.schema.fields = {Make(1, "Text", TypeId::kInt)};
  auto writer = OpenPageFile(folder_ + "/pages.parquet", OneText(false), {});
  ASSERT_TRUE(writer.has_value());
  const auto refused = (*writer)->Write(*RandomBatch(other.schema, 3, 1));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), "LAKE-FILE-001");
}

TEST(FitsPageFile, RefusesWhatIsNestedDeeperOrHasNoPlainForm) {
  for (const TypeId type : {TypeId::kMap, TypeId::kUuid, TypeId::kFixed}) {
    record::Schema schema;
    schema.fields = {Make(1, "X", type)};
    EXPECT_FALSE(FitsPageFile(schema));
  }
  record::Schema schema;
  Field outer = Make(1, "X", TypeId::kList);
  outer.type.children = {Make(2, "element", TypeId::kStruct)};
  schema.fields = {outer};
  EXPECT_FALSE(FitsPageFile(schema));
}

}  // namespace
}  // namespace firn::lake
