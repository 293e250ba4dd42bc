// What could go wrong in production: a file of another writer is read as something that it is not:
// its footer lies, a missing value is taken for one that is no number, a partition is not
// recognised any more after its column was widened, or what is encrypted looks damaged.
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/record/arrow_schema.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/format/single_value.h"
#include "ends/lake/maintain/maintenance.h"
#include "ends/lake/table_test_desk.h"
#include "ends/lake/write/parquet_writer.h"

namespace firn::lake {
namespace {

using record::TypeId;

// A number in a file, or none.
using Real = std::optional<double>;

class ForeignFilesTest : public TableDesk {
 protected:
  static record::Field FieldOf(int id, const std::string& name, TypeId type) {
    record::Field field{id, name, false, {}, ""};
    field.type.id = type;
    return field;
  }
  // A table of Id and a column of `type`, partitioned by the latter when asked to.
  void Make(TypeId type, bool partitioned = false) {
    ident_ = {"sales", "Foreign"};
    record::Schema schema;
    schema.fields = {FieldOf(1, "Id", TypeId::kString), FieldOf(2, "x", type)};
    const auto made = lake_->Create(call_, ident_, schema, {});
    ASSERT_TRUE(made) << made.error().OneLine();
    if (!partitioned) return;
    const auto evolved = lake_->EvolveSpec(call_, ident_, {{2, 0, "x", "identity"}}, made->shape());
    ASSERT_TRUE(evolved) << evolved.error().OneLine();
  }
  // Ids `a01..0`, `..1` beside these values.
  DataFile Write(const std::vector<Real>& values) {
    record::Layout layout;
    layout.schema = Now().schema();
    const auto schema = record::ArrowSchema(layout.schema);
    arrow::StringBuilder ids;
    const auto numbers = *arrow::MakeBuilder(schema->field(1)->type());
    for (size_t i = 0; i < values.size(); ++i) {
      EXPECT_TRUE(ids.Append("a0100000000000" + std::to_string(i) + "AAA").ok());
      EXPECT_TRUE(Append(*numbers, values[i]).ok());
    }
    const auto batch = arrow::RecordBatch::Make(schema, static_cast<int64_t>(values.size()),
                                                {*ids.Finish(), *numbers->Finish()});
    const std::string path = folder_ + "/warehouse/" + std::to_string(files_++) + ".parquet";
    const auto writer = ParquetWriter::Open(path, layout, {});
    EXPECT_TRUE(writer) << writer.error().OneLine();
    EXPECT_TRUE((*writer)->Write(*batch));
    auto file = (*writer)->Close();
    EXPECT_TRUE(file) << file.error().OneLine();
    file->path = FileUri(path);
    return *file;
  }
  static arrow::Status Append(arrow::ArrayBuilder& to, const Real& value) {
    if (!value) return to.AppendNull();
    switch (to.type()->id()) {
      case arrow::Type::INT32:
        return static_cast<arrow::Int32Builder&>(to).Append(static_cast<int32_t>(*value));
      case arrow::Type::INT64:
        return static_cast<arrow::Int64Builder&>(to).Append(static_cast<int64_t>(*value));
      case arrow::Type::FLOAT:
        return static_cast<arrow::FloatBuilder&>(to).Append(static_cast<float>(*value));
      default:
        return static_cast<arrow::DoubleBuilder&>(to).Append(*value);
    }
  }
  void Add(const std::vector<DataFile>& rows, const std::vector<DataFile>& deletes = {}) {
    RowDelta delta;
    delta.added_rows = rows;
    delta.added_deletes = deletes;
    const auto table = Commit(delta);
    ASSERT_TRUE(table) << table.error().OneLine();
  }
  // A delete file of values of x.
  DataFile ByValue(const std::vector<Real>& values) {
    DataFile file = Write(values);
    file.content = DataFile::Content::kEqualityDeletes;
    file.equality_ids = {2};
    return file;
  }
  void Widen(TypeId type) {
    record::Schema schema = Now().schema();
    schema.fields[1].type.id = type;
    const auto evolved = lake_->EvolveSchema(call_, ident_, schema, Now().shape());
    ASSERT_TRUE(evolved) << evolved.error().OneLine();
  }
  Error ReadError() {
    RowsOptions options;
    const auto reader = RowReader::Open(call_, Now(), options);
    if (!reader) return reader.error();
    for (;;) {
      const auto batch = (*reader)->Next(call_);
      if (!batch) return batch.error();
      if (*batch == nullptr) return Error(Kind::kInternal, "TEST-001", "it was read");
    }
  }
  int files_ = 0;
};

// In a footer: the rows of a row group, 4, in the compact protocol, and the field that follows
// them.
constexpr std::string_view kRowsOfGroup("\x16\x08\x26", 3);

TEST_F(ForeignFilesTest, AFileWhoseRowGroupsHoldOtherRowsThanItsFooterSaysIsNamed) {
  DataFile file = (*Now().Files(call_)).front();
  const std::string path = file.path.substr(7);
  std::string bytes = *ReadFile(path);
  const size_t at = bytes.rfind(kRowsOfGroup);
  ASSERT_NE(at, std::string::npos);
  bytes[at + 1] = 6;  // 3 rows
  std::filesystem::remove(path);
  ASSERT_TRUE(WriteFileDurably(path, bytes));
  const Error error = ReadError();
  EXPECT_EQ(error.code(), "LAKE-READ-001");
  EXPECT_NE(error.OneLine().find(path), std::string::npos) << error.OneLine();
  EXPECT_NE(error.why().find("row groups hold 3 rows"), std::string::npos) << error.OneLine();
}

TEST_F(ForeignFilesTest, AFileOfOtherRowsThanItsManifestSaysIsNamed) {
  Make(TypeId::kDouble);
  DataFile file = Write({1, 2});
  file.record_count = 3;
  Add({file});
  const Error error = ReadError();
  EXPECT_EQ(error.code(), "LAKE-READ-001");
  EXPECT_NE(error.OneLine().find(file.path), std::string::npos) << error.OneLine();
}

TEST_F(ForeignFilesTest, AnEncryptedFileIsSaidToBeOne) {
  Make(TypeId::kDouble);
  DataFile file = Write({1, 2});
  file.key_metadata = "key";
  Add({file});
  const Error error = ReadError();
  EXPECT_EQ(error.code(), "LAKE-READ-005");
  EXPECT_NE(error.OneLine().find(file.path), std::string::npos) << error.OneLine();
}

TEST_F(ForeignFilesTest, AnEncryptedManifestListIsSaidToBeOne) {
  auto metadata = std::make_shared<TableMetadata>(Now().metadata());
  Snapshot snapshot = *metadata->snapshots.back();
  snapshot.json.insert(1, "\"key-id\":\"1\",");
  metadata->snapshots.back() = std::make_shared<const Snapshot>(snapshot);
  const Table table(ident_, metadata, Now().metadata_location(), Now().store());
  const auto files = table.Files(call_);
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().code(), "LAKE-READ-005");
  EXPECT_NE(files.error().OneLine().find(snapshot.manifest_list), std::string::npos);
}

TEST_F(ForeignFilesTest, ATableWhoseFilesAreToBeEncryptedGetsNoPlainOnes) {
  ident_ = {"sales", "Sealed"};
  record::Schema schema;
  schema.fields = {FieldOf(1, "Id", TypeId::kString), FieldOf(2, "x", TypeId::kDouble)};
  ASSERT_TRUE(lake_->Create(call_, ident_, schema, {{"encryption.key-id", "k"}}));
  const auto refused = lake_->Append(call_, ident_, {Write({1})}, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), "LAKE-COMMIT-005");
  EXPECT_NE(refused.error().why().find("encrypted"), std::string::npos);
}

TEST_F(ForeignFilesTest, ValuesThatAreNoNumbersAreCountedWhereverAFileIsWritten) {
  Make(TypeId::kDouble);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const DataFile file = Write({1, nan, {}, nan});
  EXPECT_EQ(file.nan_value_counts, (std::map<int, int64_t>{{2, 2}}));
  Add({file, Write({2, 3})});
  MaintainOptions options;
  options.compaction.files_min = 2;
  options.expire = options.orphans = false;
  ASSERT_TRUE(Maintain(call_, *lake_, ident_, options));
  const auto files = Now().Files(call_);
  ASSERT_EQ(files->size(), 1U);
  EXPECT_EQ(files->front().nan_value_counts, (std::map<int, int64_t>{{2, 2}}));
  EXPECT_EQ(files->front().null_value_counts.at(2), 1);
}

TEST_F(ForeignFilesTest, ADeleteOfWhatIsNoNumberTakesNoNullAndNoInfinityOut) {
  Make(TypeId::kDouble);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinite = std::numeric_limits<double>::infinity();
  Add({Write({{}, nan, infinite, -infinite, 4})});
  Add({}, {ByValue({nan})});
  EXPECT_EQ(Ids(), "0234");
  Add({}, {ByValue({{}})});
  EXPECT_EQ(Ids(), "234");
}

TEST_F(ForeignFilesTest, DeletesByValueFindTheirPartitionAfterItsColumnWasWidened) {
  Make(TypeId::kInt, true);
  DataFile file = Write({7, 7});
  file.spec_id = Now().metadata().default_spec_id;
  file.partition = {SingleInt(7)};
  Add({file});
  Widen(TypeId::kLong);
  DataFile deletes = ByValue({7});
  deletes.spec_id = file.spec_id;
  deletes.partition = {SingleLong(8)};
  Add({}, {deletes});
  EXPECT_EQ(Ids(), "01");
  deletes = ByValue({7});
  deletes.spec_id = file.spec_id;
  deletes.partition = {SingleLong(7)};
  Add({}, {deletes});
  EXPECT_EQ(Ids(), "");
}

TEST_F(ForeignFilesTest, PartitionsOfAWidenedColumnKeepTheirValuesInManifestsThatAreWrittenAnew) {
  Make(TypeId::kFloat, true);
  for (int i = 0; i < 2; ++i) {
    DataFile file = Write({1.5});
    file.spec_id = Now().metadata().default_spec_id;
    file.partition = {SingleFloat(1.5F)};
    Add({file});
  }
  Widen(TypeId::kDouble);
  ASSERT_TRUE(lake_->RewriteManifests(call_, ident_));
  const auto files = Now().Files(call_);
  ASSERT_EQ(files->size(), 2U);
  for (const DataFile& file : *files)
    EXPECT_EQ(file.partition, (std::vector<std::optional<std::string>>{SingleDouble(1.5)}));
  EXPECT_EQ(Ids(), "00");
}

TEST_F(ForeignFilesTest, ADeleteFileOfSeveralDataFilesGoesWithTheLastOfThem) {
  Import({"5"});
  const auto files = LiveFiles(call_, Now());
  std::vector<RowsOut> rows;
  for (const LiveFile& live : *files) {
    if (live.file.record_count == 4) rows.push_back({live, {0}});
  }
  RowDelta delta;
  ASSERT_TRUE(TakeRowsOut(call_, Now(), rows, delta));
  // As others write it: nothing says that it is about one file only.
  DataFile& shared = delta.added_deletes.front();
  shared.referenced_data_file.reset();
  shared.lower_bounds.clear();
  shared.upper_bounds.clear();
  ASSERT_TRUE(Commit(delta));
  EXPECT_EQ(Ids(), "2345");
  MaintainOptions options;
  options.compaction.files_min = 2;
  options.expire = options.orphans = false;
  ASSERT_TRUE(Maintain(call_, *lake_, ident_, options));
  EXPECT_EQ(Ids(), "2345");
  EXPECT_EQ(Now().current_snapshot()->summary.at("total-delete-files"), "0");
}

}  // namespace
}  // namespace firn::lake
