// What could go wrong in production: a key written by another engine is lost, a log grows for ever,
// a v1 table is misread.
#include "ends/lake/format/metadata.h"

#include <gtest/gtest.h>

#include "ends/lake/format/schema_json.h"
#include "ends/lake/internal/gzip.h"

namespace firn::lake {
namespace {

using record::Schema;
using record::TypeId;

Schema Nested() {
  const auto parsed = ParseSchemaJson(R"json({"type":"struct","schema-id":0,"fields":[
    {"id":1,"name":"Id","required":true,"type":"string"},
    {"id":2,"name":"Amount","required":false,"type":"decimal(18, 2)","doc":"of \"all\""},
    {"id":3,"name":"Tags","required":false,"type":{"type":"list","element-id":4,
      "element":"string","element-required":false}},
    {"id":5,"name":"Where","required":false,"type":{"type":"struct","fields":[
      {"id":6,"name":"lat","required":false,"type":"double"}]}},
    {"id":7,"name":"Map","required":false,"type":{"type":"map","key-id":8,"key":"string",
      "value-id":9,"value":"long","value-required":true}},
    {"id":10,"name":"Raw","required":false,"type":"fixed[16]"}]})json");
  EXPECT_TRUE(parsed) << parsed.error().OneLine();
  return *parsed;
}

TableMetadata Fresh() {
  return NewTableMetadata(Nested(), {.location = "file:///w/t", .uuid = "u", .now_ms = 5});
}

TEST(Metadata, SchemasGoThroughJsonUnchanged) {
  const auto again = ParseSchemaJson(SchemaJson(Nested()));
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, Nested());
  EXPECT_EQ(again->HighestFieldId(), 10);
}

TEST(Metadata, WrittenMetadataReadsBackTheSame) {
  TableMetadata metadata = Fresh();
  Snapshot snapshot;
  snapshot.snapshot_id = 42;
  snapshot.sequence_number = 1;
  snapshot.timestamp_ms = 6;
  snapshot.operation = "append";
  snapshot.summary = {{"firn.job-id", "750 \"x\""}};
  snapshot.manifest_list = "file:///w/t/metadata/snap.avro";
  AddSnapshot(metadata, snapshot);
  (void)PushMetadataLog(metadata, {"file:///w/t/metadata/0.json", 5});
  const std::string json = MetadataJson(metadata);
  const auto read = ParseMetadata(json);
  ASSERT_TRUE(read) << read.error().OneLine();
  EXPECT_EQ(MetadataJson(*read), json);
  EXPECT_EQ(read->current_snapshot()->summary.at("firn.job-id"), "750 \"x\"");
  EXPECT_EQ(read->refs.at("main").snapshot_id, 42);
  EXPECT_EQ(read->last_sequence_number, 1);
  const auto packed = ParseMetadata(internal::Gzip(json));
  ASSERT_TRUE(packed);
  EXPECT_EQ(MetadataJson(*packed), json);
  EXPECT_FALSE(ParseMetadata(internal::Gzip(json).substr(0, 200)));
}

TEST(Metadata, MembersOfOthersSurviveARewrite) {
  std::string json = MetadataJson(Fresh());
  json.pop_back();
  json += R"(,"statistics":[{"snapshot-id":1,"statistics-path":"p"}],"of-others":7})";
  const auto read = ParseMetadata(json);
  ASSERT_TRUE(read);
  const std::string again = MetadataJson(*read);
  EXPECT_NE(again.find(R"("statistics":[{"snapshot-id":1,"statistics-path":"p"}])"),
            std::string::npos);
  EXPECT_NE(again.find(R"("of-others":7)"), std::string::npos);
}

TEST(Metadata, VersionOneIsRead) {
  const auto read = ParseMetadata(R"({"format-version":1,"location":"file:///w/t/",
    "last-updated-ms":9,"last-column-id":2,"schema":{"type":"struct","fields":[
      {"id":1,"name":"a","required":true,"type":"long"},
      {"id":2,"name":"b","required":false,"type":"date"}]},
    "partition-spec":[{"source-id":2,"name":"b_day","transform":"day"}],
    "current-snapshot-id":3,"snapshots":[{"snapshot-id":3,"timestamp-ms":9,
      "summary":{"operation":"append"},"manifests":["file:///w/t/m.avro"]}]})");
  ASSERT_TRUE(read) << read.error().OneLine();
  EXPECT_EQ(read->location, "file:///w/t");
  EXPECT_EQ(read->default_spec().fields[0].field_id, 1000);
  EXPECT_EQ(read->current_snapshot()->v1_manifests.size(), 1U);
  EXPECT_EQ(read->current_snapshot()->sequence_number, 0);
  EXPECT_EQ(read->refs.at("main").snapshot_id, 3);
}

TEST(Metadata, SnapshotsThatAWriterMixedUpAreInOrder) {
  TableMetadata metadata = Fresh();
  for (int64_t id : {7, 3, 5}) {
    Snapshot snapshot;
    snapshot.snapshot_id = id;
    snapshot.sequence_number = 10 - id;
    snapshot.timestamp_ms = 100;
    snapshot.manifest_list = "file:///w/t/l";
    RenderSnapshot(snapshot);
    metadata.snapshots.push_back(std::make_shared<const Snapshot>(snapshot));
  }
  const auto read = ParseMetadata(MetadataJson(metadata));
  ASSERT_TRUE(read) << read.error().OneLine();
  std::string order;
  for (const auto& snapshot : read->snapshots) order += std::to_string(snapshot->snapshot_id);
  EXPECT_EQ(order, "753");
}

TEST(Metadata, BrokenMetadataSaysWhichKey) {
  for (const auto& [text, key] : std::vector<std::pair<std::string, std::string>>{
           {"", "whole JSON"},
           {"[]", "format-version"},
           {R"({"format-version":"2"})", "format-version"},
           {R"({"format-version":2,"table-uuid":"u"})", "location"},
           {R"({"format-version":2,"table-uuid":"u","location":"l","last-sequence-number":1e99})",
            "last-sequence-number"}}) {
    const auto read = ParseMetadata(text);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code(), "LAKE-META-001");
    EXPECT_NE(read.error().why().find(key), std::string::npos) << read.error().OneLine();
  }
  const auto newer = ParseMetadata(R"({"format-version":9})");
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().kind(), Kind::kUnsupported);
}

TEST(Metadata, TheLogKeepsAsManyFilesAsTheTableSays) {
  TableMetadata metadata = Fresh();
  metadata.properties["write.metadata.previous-versions-max"] = "2";
  EXPECT_TRUE(PushMetadataLog(metadata, {"0", 0}).empty());
  EXPECT_TRUE(PushMetadataLog(metadata, {"1", 0}).empty());
  EXPECT_EQ(PushMetadataLog(metadata, {"2", 0}), std::vector<std::string>{"0"});
  EXPECT_EQ(metadata.metadata_log.size(), 2U);
}

TEST(Metadata, AnEqualOlderSchemaIsTakenAgain) {
  TableMetadata metadata = Fresh();
  Schema fewer = Nested();
  fewer.fields.pop_back();
  SetCurrentSchema(metadata, fewer);
  EXPECT_EQ(metadata.current_schema_id, 1);
  SetCurrentSchema(metadata, Nested());
  EXPECT_EQ(metadata.current_schema_id, 0);
  EXPECT_EQ(metadata.schemas.size(), 2U);
  EXPECT_EQ(metadata.last_column_id, 10);
}

TEST(Metadata, AColumnOfATypeThatIsNotReadIsToldByItsName) {
  const std::string json = R"x({"type":"struct","schema-id":0,"fields":[
      {"id":1,"name":"k","required":true,"type":"long"},
      {"id":2,"name":"odd","required":false,"type":"geometry(OGC:CRS84)"},
      {"id":3,"name":"deep","required":false,"type":{"type":"list","element-id":4,
       "element-required":false,"element":"variant"}}]})x";
  const auto unread = UnreadColumns(json);
  ASSERT_EQ(unread.size(), 2U);
  EXPECT_EQ(unread[0].name + " " + unread[0].type, "odd geometry(OGC:CRS84)");
  EXPECT_EQ(unread[1].name, "deep");
  const auto whole = ParseSchemaJson(json);
  ASSERT_FALSE(whole);
  EXPECT_EQ(whole.error().code(), "LAKE-META-002");
  EXPECT_NE(whole.error().OneLine().find("column `odd`"), std::string::npos);
  // A name that only looks like such a type is none.
  const auto none = UnreadColumns(R"x({"fields":[{"id":1,"name":"variant","type":"int"}]})x");
  EXPECT_TRUE(none.empty());
}

TEST(Metadata, UnknownTypesAreUnsupportedNotCorrupt) {
  EXPECT_EQ(ParsePrimitive("variant").error().kind(), Kind::kUnsupported);
  EXPECT_EQ(ParsePrimitive("decimal(40,2)").error().kind(), Kind::kCorrupt);
  EXPECT_EQ(ParsePrimitive("decimal(9,2)")->precision, 9);
}

TEST(Metadata, SchemaThatIsChangedKeepsTheDefaultsOfItsFields) {
  TableMetadata metadata = Fresh();
  auto with = std::make_shared<TableSchema>(metadata.current_schema());
  const size_t at = with->json.find("\"name\":\"Amount\"");
  ASSERT_NE(at, std::string::npos);
  with->json.insert(at, R"("initial-default":"1.50","write-default":"2.50",)");
  metadata.schemas = {with};
  Schema wider = Nested();
  wider.fields.push_back({11, "New", false, {.id = TypeId::kLong}, ""});
  SetCurrentSchema(metadata, wider);
  const std::string& json = metadata.current_schema().json;
  EXPECT_EQ(metadata.current_schema().schema.fields.back().name, "New");
  EXPECT_NE(json.find(R"("initial-default":"1.50")"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("write-default":"2.50")"), std::string::npos) << json;
}

}  // namespace
}  // namespace firn::lake
