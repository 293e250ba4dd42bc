// What could go wrong in production: a row lies in a file of another partition than its value says,
// and every engine that prunes partitions loses it.
#include "ends/lake/write/partitions.h"

#include <arrow/api.h>
#include <arrow/util/decimal.h>
#include <gtest/gtest.h>

#include "core/record/arrow_schema.h"
#include "ends/lake/commit/delete_files.h"
#include "ends/lake/format/single_value.h"
#include "ends/lake/internal/parquet_source.h"
#include "ends/lake/merge/test_desk.h"
#include "ends/lake/read/filter.h"

namespace firn::lake {
namespace {

class PartitionsTest : public MergeDesk {
 protected:
  void PartitionBy(const std::string& text) {
    const auto fields = ParsePartitionFields(text, TestSchema());
    ASSERT_TRUE(fields) << fields.error().OneLine();
    const auto table = others_->EvolveSpec(call_, ident_, *fields, Now().shape());
    ASSERT_TRUE(table) << table.error().OneLine();
  }
  std::unique_ptr<Merger> Filled(int count) {
    auto merger = Open();
    std::vector<std::pair<std::string, TestRow>> rows;
    for (int i = 1; i <= count; ++i)
      rows.push_back({TestId(i), Row("row", i, i % 2 == 0 ? "even" : "odd")});
    Upsert(*merger, rows);
    Commit(*merger);
    return merger;
  }
  // Every row that is alive lies in the partition of its own values.
  void ExpectPlaced() {
    const Table table = Now();
    const auto partitioner = Partitioner::For(table);
    ASSERT_TRUE(partitioner);
    const auto files = LiveFiles(call_, table);
    ASSERT_TRUE(files) << files.error().OneLine();
    for (const LiveFile& live : *files) {
      ASSERT_EQ(live.file.spec_id, table.metadata().default_spec_id);
      const auto source = internal::ParquetSource::Open(
          call_, *table.store(), live.file, {.schema = table.schema(), .batch_rows = 100'000});
      ASSERT_TRUE(source);
      const auto batch = (*source)->Next(call_);
      ASSERT_TRUE(batch && *batch != nullptr);
      const auto parts = partitioner->Split(**batch);
      ASSERT_EQ(parts.size(), 1U) << live.file.path;
      EXPECT_EQ(parts.begin()->first, live.file.partition) << live.file.path;
    }
  }
  int64_t FilesSpared(const std::string& where, size_t rows_wanted) {
    RowsOptions options;
    options.where = where;
    const auto reader = RowReader::Open(call_, Now(), options);
    EXPECT_TRUE(reader) << reader.error().OneLine();
    size_t rows = 0;
    for (;;) {
      const auto batch = (*reader)->Next(call_);
      EXPECT_TRUE(batch) << batch.error().OneLine();
      if (!batch || *batch == nullptr) break;
      rows += static_cast<size_t>((*batch)->num_rows());
    }
    EXPECT_EQ(rows, rows_wanted) << where;
    return (*reader)->spared().files;
  }
};

TEST_F(PartitionsTest, AFieldOfAStructGivesThePartition) {
  record::Schema schema;
  record::Field place{2, "Place", false, {}, ""};
  place.type.id = record::TypeId::kStruct;
  place.type.children = {{3, "City", false, {}, ""}, {4, "Zip", false, {}, ""}};
  place.type.children[1].type.id = record::TypeId::kInt;
  schema.fields = {{1, "Id", true, {}, ""}, place};
  const TableIdent nested{"sales", "Nested"};
  ASSERT_TRUE(others_->Create(call_, nested, schema, {}));
  const auto fields = ParsePartitionFields("truncate(2, Place.City), Place.Zip", schema);
  ASSERT_TRUE(fields) << fields.error().OneLine();
  EXPECT_EQ(fields->front().source_id, 3);
  EXPECT_EQ(fields->front().name, "Place.City_trunc");
  EXPECT_FALSE(ParsePartitionFields("Place.Town", schema));
  const auto table = others_->EvolveSpec(call_, nested, *fields, others_->Load(nested)->shape());
  ASSERT_TRUE(table) << table.error().OneLine();
  const auto partitioner = Partitioner::For(*table);
  ASSERT_TRUE(partitioner) << partitioner.error().OneLine();

  const auto arrow_schema = record::ArrowSchema(schema);
  arrow::StringBuilder city;
  arrow::Int32Builder zip;
  ASSERT_TRUE(city.AppendValues({"Berlin", "Bern", "Bonn", "Bergen"}).ok());
  ASSERT_TRUE(zip.AppendValues({1, 1, 1, 1}).ok());
  arrow::StringBuilder ids;
  ASSERT_TRUE(ids.AppendValues({"a", "b", "c", "d"}).ok());
  // The last row's struct is null, whatever lies below it.
  const auto places = std::make_shared<arrow::StructArray>(
      arrow_schema->field(1)->type(), 4, arrow::ArrayVector{*city.Finish(), *zip.Finish()},
      arrow::Buffer::FromString(std::string(1, '\x07')));
  const auto batch = arrow::RecordBatch::Make(arrow_schema, 4, {*ids.Finish(), places});
  const auto parts = partitioner->Split(*batch);
  const std::map<PartitionTuple, std::vector<int64_t>> expected = {
      {{"Be", SingleInt(1)}, {0, 1}}, {{"Bo", SingleInt(1)}, {2}}, {{{}, {}}, {3}}};
  EXPECT_EQ(parts, expected);
}

TEST_F(PartitionsTest, MergedRowsLieInThePartitionOfTheirValues) {
  for (const char* spec : {"Stage", "bucket(4, Id)", "truncate(100, Amount), Stage",
                           "truncate(13, Id)", "void(Name), bucket(3, Amount)"}) {
    SCOPED_TRACE(spec);
    PartitionBy(spec);
    CompactByOthers();
    const auto merger = Filled(300);
    EXPECT_EQ(Read().size(), 300U);
    ExpectPlaced();
  }
}

TEST_F(PartitionsTest, ARowThatChangesItsPartitionMoves) {
  PartitionBy("Stage");
  const auto merger = Filled(10);
  Update(*merger, TestId(1), {{"Stage", "even"}});
  Upsert(*merger, {{TestId(2), Row("moved", 2, "odd")}, {TestId(11), Row("new", 11, "third")}});
  Delete(*merger, TestId(3));
  Commit(*merger);
  const TestTable rows = Read();
  EXPECT_EQ(rows.size(), 10U);
  EXPECT_EQ(rows.at(TestId(1)), Row("row", 1, "even"));
  EXPECT_EQ(rows.at(TestId(2)), Row("moved", 2, "odd"));
  EXPECT_EQ(rows.at(TestId(11)), Row("new", 11, "third"));
  ExpectPlaced();
  // A merger that begins anew finds them where they went.
  const auto other = OpenOther();
  Upsert(*other, {{TestId(1), Row("again", 1, "third")}});
  Commit(*other);
  EXPECT_EQ(Read().at(TestId(1)), Row("again", 1, "third"));
  EXPECT_EQ(Read().size(), 10U);
  ExpectPlaced();
}

TEST_F(PartitionsTest, ANullHasAPartitionOfItsOwn) {
  PartitionBy("Stage");
  const auto merger = Open();
  TestRow none = Row("none", 1);
  none["Stage"] = std::nullopt;
  Upsert(*merger, {{TestId(1), none}, {TestId(2), Row("some", 2)}});
  Commit(*merger);
  EXPECT_EQ(Read().at(TestId(1)), none);
  ExpectPlaced();
  EXPECT_EQ(FilesSpared("Stage IS NULL", 1), 1);
  EXPECT_EQ(FilesSpared("Stage = 'new'", 1), 1);
}

TEST_F(PartitionsTest, SmallFilesAreFoldedWithinTheirPartition) {
  PartitionBy("Stage");
  const auto merger = Filled(40);
  int64_t folded = 0;
  for (int turn = 0; turn < 30; ++turn) {
    const int n = 1 + turn % 40;
    Upsert(*merger, {{TestId(n), Row("turn", turn, turn % 3 == 0 ? "odd" : "even")}});
    folded += Commit(*merger).rows_folded;
  }
  EXPECT_GT(folded, 0);
  EXPECT_EQ(Read().size(), 40U);
  ExpectPlaced();
}

TEST_F(PartitionsTest, AppendedFilesOfNoPartitionAreWrittenIntoPartitions) {
  const TableIdent plain{"sales", "Plain"};
  ASSERT_TRUE(others_->Create(call_, plain, TestSchema(), {}));
  const auto merger = Merger::Open(call_, *others_, {.table = plain});
  ASSERT_TRUE(
      (*merger)->Upsert(Whole({{TestId(1), Row("a", 1, "x")}, {TestId(2), Row("b", 2, "y")}}), {}));
  ASSERT_TRUE((*merger)->Commit(call_, {}));
  const DataFile loose = others_->Load(plain)->Files(call_)->front();
  PartitionBy("Stage");
  const auto table = lake_->Append(call_, ident_, {loose}, {});
  ASSERT_TRUE(table) << table.error().OneLine();
  EXPECT_EQ(Read(), (TestTable{{TestId(1), Row("a", 1, "x")}, {TestId(2), Row("b", 2, "y")}}));
  EXPECT_EQ(table->Files(call_)->size(), 2U);
  ExpectPlaced();
}

// As Hive's migration leaves them: the files of a partition lack the column it is named by.
TEST_F(PartitionsTest, AColumnThatTheFilesLackHoldsThePartitionsValue) {
  PartitionBy("Stage, Amount");
  record::Layout layout;
  layout.schema = TestSchema();
  std::erase_if(layout.schema.fields, [](const record::Field& field) {
    return field.name == "Stage" || field.name == "Amount";
  });
  std::vector<DataFile> files;
  for (int i = 1; i <= 3; ++i) {
    const std::string path = folder_ + "/hive" + std::to_string(i) + ".parquet";
    const auto writer = ParquetWriter::Open(path, layout, {});
    ASSERT_TRUE(writer) << writer.error().OneLine();
    ASSERT_TRUE(
        (*writer)->Write(*Batch({"Id", "Name", "Stamp"}, {{TestId(2 * i), Row("even", 0)},
                                                          {TestId(2 * i + 1), Row("odd", 0)}})));
    auto file = (*writer)->Close();
    ASSERT_TRUE(file);
    file->path = FileUri(path);
    file->spec_id = Now().metadata().default_spec_id;
    file->partition = {"stage " + std::to_string(i), SingleLong(i)};
    if (i == 3) file->partition = {std::nullopt, SingleLong(3)};
    files.push_back(*std::move(file));
  }
  ASSERT_TRUE(lake_->Append(call_, ident_, files, {}));
  TestTable wanted;
  for (int i = 1; i <= 3; ++i) {
    TestRow row = Row("even", i, "stage " + std::to_string(i));
    if (i == 3) row["Stage"] = std::nullopt;
    wanted[TestId(2 * i)] = row;
    row["Name"] = "odd";
    wanted[TestId(2 * i + 1)] = row;
  }
  EXPECT_EQ(Read(), wanted);
  EXPECT_EQ(FilesSpared("Stage = 'stage 1'", 2), 2);
  EXPECT_EQ(FilesSpared("Amount >= 2 AND Name = 'odd'", 2), 1);
  // A partial change keeps them, and so does what writes the files again.
  const auto merger = Open();
  Update(*merger, TestId(2), {{"Name", "changed"}});
  Commit(*merger);
  wanted[TestId(2)]["Name"] = "changed";
  EXPECT_EQ(Read(), wanted);
  CompactByOthers();
  EXPECT_EQ(Read(), wanted);
  ExpectPlaced();
}

TEST_F(PartitionsTest, FiltersPassPartitionsOver) {
  PartitionBy("bucket(8, Id)");
  const auto merger = Filled(200);
  EXPECT_EQ(FilesSpared("Id = '" + TestId(77) + "'", 1), 7);
  EXPECT_EQ(FilesSpared("Id > '" + TestId(150) + "'", 50), 0);
  PartitionBy("truncate(50, Amount)");
  CompactByOthers();
  EXPECT_EQ(FilesSpared("Amount = 77", 1), 4);
  EXPECT_EQ(FilesSpared("Amount < 50", 49), 4);
  EXPECT_EQ(FilesSpared("Amount >= 150 AND Amount < 200", 50), 4);
  EXPECT_EQ(FilesSpared("Amount IS NULL", 0), 5);
}

// Columns of up to 18 digits are held in 64 bits, others in 128.
TEST(PartitionValues, DecimalsOfEitherWidthAreWhatTheyAre) {
  for (const int precision : {9, 18, 30}) {
    record::Type type;
    type.id = record::TypeId::kDecimal;
    type.precision = precision;
    type.scale = 2;
    record::Schema schema;
    schema.fields.push_back({1, "x", false, type, ""});
    const auto builder = *arrow::MakeBuilder(record::ArrowSchema(schema)->field(0)->type());
    for (const int64_t unscaled : {-37, 18'537, -99'999'999}) {
      const bool narrow = builder->type()->id() == arrow::Type::DECIMAL64;
      const auto added =
          narrow
              ? static_cast<arrow::Decimal64Builder&>(*builder).Append(arrow::Decimal64(unscaled))
              : static_cast<arrow::Decimal128Builder&>(*builder).Append(
                    arrow::Decimal128(unscaled));
      ASSERT_TRUE(added.ok());
    }
    const auto column = *builder->Finish();
    EXPECT_EQ(SingleValueAt(*column, 0, type), "\xdb");
    EXPECT_EQ(SingleValueAt(*column, 1, type), "\x48\x69");
    EXPECT_EQ(SingleValueAt(*column, 2, type), std::string("\xfa\x0a\x1f\x01", 4));
  }
}

TEST(PartitionText, SpecsAreReadAsTheyAreWritten) {
  record::Schema schema;
  record::Field when{7, "When", false, {}, ""};
  when.type.id = record::TypeId::kTimestamptz;
  schema.fields = {{3, "Id", true, {}, ""}, when};
  const auto fields = ParsePartitionFields(" bucket( 16 , Id ), day(When),Id", schema);
  ASSERT_TRUE(fields) << fields.error().OneLine();
  EXPECT_EQ(*fields, (std::vector<PartitionField>{{3, 0, "Id_bucket", "bucket[16]"},
                                                  {7, 0, "When_day", "day"},
                                                  {3, 0, "Id", "identity"}}));
  for (const char* bad : {"bucket(x, Id)", "zorder(Id)", "day(When"}) {
    const auto refused = ParsePartitionFields(bad, schema);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().code(), "LAKE-SPEC-001");
  }
  EXPECT_EQ(ParsePartitionFields("day(Wen)", schema).error().code(), "LAKE-COLUMN-001");
}

}  // namespace
}  // namespace firn::lake
