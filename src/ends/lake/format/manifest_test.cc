// What could go wrong in production: deleted files come back to life, a sequence number is lost, a
// manifest that does not hold what its list counts is read as fewer rows.
#include "ends/lake/format/manifest.h"

#include <gtest/gtest.h>

#include <limits>

#include "ends/lake/format/schema_json.h"
#include "ends/lake/format/single_value.h"

namespace firn::lake {
namespace {

class ManifestTest : public testing::Test {
 protected:
  ManifestTest() {
    schema_.schema = *ParseSchemaJson(R"json({"type":"struct","schema-id":4,"fields":[
      {"id":1,"name":"id","required":true,"type":"long"},
      {"id":2,"name":"day","required":false,"type":"timestamptz"},
      {"id":3,"name":"what kind","required":false,"type":"string"},
      {"id":4,"name":"price","required":false,"type":"decimal(9, 2)"}]})json");
    schema_.json = SchemaJson(schema_.schema);
    spec_.spec_id = 2;
    spec_.fields = {{2, 1000, "day_day", "day"},
                    {3, 1001, "what kind", "identity"},
                    {4, 1002, "price", "identity"}};
  }

  static ManifestEntry Entry(ManifestEntry::Status status, const std::string& path,
                             int64_t records) {
    ManifestEntry entry;
    entry.status = status;
    entry.sequence_number = 3;
    entry.file_sequence_number = 2;
    entry.snapshot_id = 77;
    entry.file.path = path;
    entry.file.record_count = records;
    entry.file.file_size_bytes = 10 * records;
    entry.file.partition = {SingleInt(20000), "x", SingleDecimal(0, 1250)};
    entry.file.lower_bounds = {{1, SingleLong(-5)}};
    entry.file.nan_value_counts = {{9, 1}};
    return entry;
  }

  Result<std::vector<ManifestEntry>> Read(const std::string& bytes, const ManifestFile& line) {
    std::vector<ManifestEntry> out;
    FIRN_CHECK(ReadManifest(bytes, line, [&](ManifestEntry entry) -> Result<void> {
      out.push_back(std::move(entry));
      return {};
    }));
    return out;
  }

  TableSchema schema_;
  PartitionSpec spec_;
  std::unique_ptr<Random> random_ = SeededRandom(7);
};

TEST_F(ManifestTest, EntriesKeepStatusSequenceAndPartition) {
  ManifestWriter writer(schema_, spec_, {ManifestFile::Content::kData, 99}, *random_);
  writer.Add(Entry(ManifestEntry::Status::kAdded, "a", 1));
  writer.Add(Entry(ManifestEntry::Status::kExisting, "b", 2));
  ManifestEntry deleted = Entry(ManifestEntry::Status::kDeleted, "c", 4);
  deleted.file.partition = {SingleInt(20001), std::nullopt, std::nullopt};
  writer.Add(deleted);
  ManifestFile line;
  const std::string bytes = writer.Finish(line);
  line.path = "m.avro";
  line.sequence_number = 8;
  EXPECT_EQ(line.added_rows, 1);
  EXPECT_EQ(line.existing_rows, 2);
  EXPECT_EQ(line.deleted_rows, 4);
  EXPECT_EQ(line.min_sequence_number, 3);
  ASSERT_EQ(line.partitions.size(), 3U);
  EXPECT_EQ(line.partitions[0].lower_bound, SingleInt(20000));
  EXPECT_EQ(line.partitions[0].upper_bound, SingleInt(20001));
  EXPECT_TRUE(line.partitions[1].contains_null);

  const auto read = Read(bytes, line);
  ASSERT_TRUE(read) << read.error().OneLine();
  ASSERT_EQ(read->size(), 3U);
  EXPECT_EQ((*read)[0].sequence_number, 8);  // inherited
  EXPECT_EQ((*read)[1].sequence_number, 3);
  EXPECT_EQ((*read)[1].file_sequence_number, 2);
  EXPECT_EQ((*read)[2].status, ManifestEntry::Status::kDeleted);
  EXPECT_EQ((*read)[0].file.partition, (std::vector<std::optional<std::string>>{
                                           SingleInt(20000), "x", SingleDecimal(0, 1250)}));
  EXPECT_EQ((*read)[2].file.partition[1], std::nullopt);
  EXPECT_EQ((*read)[0].file.lower_bounds.at(1), SingleLong(-5));
  EXPECT_EQ((*read)[0].file.nan_value_counts.at(9), 1);
  EXPECT_EQ((*read)[0].file.spec_id, 2);
}

// A reader passes a manifest over whose summary of a field has no bounds.
TEST_F(ManifestTest, SummariesBoundPartitionsOfEveryType) {
  struct Case {
    const char* type;
    std::string less;
    std::string more;
  };
  const std::string nan = SingleDouble(std::numeric_limits<double>::quiet_NaN());
  for (const Case& one :
       std::vector<Case>{{"boolean", SingleBool(false), SingleBool(true)},
                         {"int", SingleInt(-1), SingleInt(1)},
                         {"long", SingleInt(-1), SingleLong(1)},  // from before it was widened
                         {"float", SingleFloat(-1.5F), SingleFloat(1)},
                         {"double", SingleDouble(-1.5), SingleDouble(1)},
                         {"decimal(9, 2)", SingleDecimal(-1, ~0ULL), SingleDecimal(0, 1)},
                         {"decimal(38, 2)", SingleDecimal(INT64_MIN, 0), SingleDecimal(-1, ~0ULL)},
                         {"date", SingleInt(-1), SingleInt(1)},
                         {"timestamptz", SingleLong(-1), SingleLong(1)},
                         {"string", "a", "\xc3\xa9"},
                         {"binary", "a", "\xff"},
                         {"fixed[2]", "ab", "\xff\x01"},
                         {"uuid", std::string(16, '\1'), std::string(16, '\xfe')}}) {
    SCOPED_TRACE(one.type);
    TableSchema schema;
    record::Field field{1, "x", false, {}, ""};
    field.type = *ParsePrimitive(one.type);
    schema.schema.fields = {field};
    PartitionSpec spec{0, {{1, 1000, "x", "identity"}}};
    ManifestWriter writer(schema, spec, {}, *random_);
    std::vector<std::optional<std::string>> values = {one.more, one.less, {}, one.less};
    if (field.type.id == record::TypeId::kDouble) values.emplace_back(nan);
    for (const auto& value : values) {
      ManifestEntry entry = Entry(ManifestEntry::Status::kAdded, "a", 1);
      entry.file.partition = {value};
      writer.Add(entry);
    }
    ManifestFile line;
    (void)writer.Finish(line);
    const PartitionFieldSummary& summary = line.partitions.front();
    EXPECT_TRUE(summary.contains_null);
    EXPECT_EQ(summary.contains_nan, field.type.id == record::TypeId::kDouble);
    EXPECT_EQ(summary.lower_bound, std::string(one.type) == "long" ? SingleLong(-1) : one.less);
    EXPECT_EQ(summary.upper_bound, one.more);
  }
}

TEST_F(ManifestTest, AManifestThatLacksEntriesIsCorrupt) {
  ManifestWriter writer(schema_, spec_, {}, *random_);
  writer.Add(Entry(ManifestEntry::Status::kAdded, "a", 1));
  ManifestFile line;
  const std::string bytes = writer.Finish(line);
  line.path = "m.avro";
  line.added_files = 2;
  const auto read = Read(bytes, line);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), "LAKE-MANIFEST-001");
  EXPECT_EQ(read.error().where(), "m.avro");
}

TEST_F(ManifestTest, ListsKeepEveryFieldAndGiveOwnManifestsTheirNumber) {
  ManifestFile own;
  own.path = "own.avro";
  own.added_snapshot_id = 5;
  own.added_files = 1;
  own.existing_files = own.deleted_files = 0;
  own.added_rows = 10;
  own.existing_rows = own.deleted_rows = 0;
  own.sequence_number = own.min_sequence_number = kUnassignedSequence;
  ManifestFile old = own;
  old.path = "old.avro";
  old.content = ManifestFile::Content::kDeletes;
  old.spec_id = 3;
  old.added_snapshot_id = 4;
  old.sequence_number = 6;
  old.min_sequence_number = 2;
  old.partitions = {{true, false, "a", std::nullopt}};
  const std::string bytes = WriteManifestList({own, old}, {5, 4, 9}, *random_);
  const auto read = ReadManifestList(bytes, "list.avro");
  ASSERT_TRUE(read) << read.error().OneLine();
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ((*read)[0].sequence_number, 9);
  EXPECT_EQ((*read)[0].min_sequence_number, 9);
  EXPECT_EQ((*read)[1].sequence_number, 6);
  EXPECT_EQ((*read)[1].min_sequence_number, 2);
  EXPECT_EQ((*read)[1].content, ManifestFile::Content::kDeletes);
  EXPECT_EQ((*read)[1].spec_id, 3);
  EXPECT_EQ((*read)[1].partitions[0].lower_bound, "a");
  EXPECT_EQ((*read)[1].partitions[0].contains_nan, false);
  EXPECT_FALSE(ReadManifestList(bytes.substr(0, bytes.size() - 20), "list.avro"));
}

}  // namespace
}  // namespace firn::lake
