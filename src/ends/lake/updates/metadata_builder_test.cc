// What could go wrong in production: an update of a client leaves metadata that engines refuse, or
// a commit worked out on an older state is taken for one on the newest.
#include "ends/lake/updates/metadata_builder.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "ends/lake/updates/table_updates.h"

namespace firn::lake {
namespace {

using Json = nlohmann::ordered_json;
using internal::MetadataBuilder;

constexpr int64_t kNow = 1'780'000'000'000;

Json Schema() {
  return Json::parse(R"({"type":"struct","schema-id":7,"fields":[
    {"id":10,"name":"id","required":true,"type":"long"},
    {"id":11,"name":"day","required":false,"type":"date"},
    {"id":12,"name":"tags","required":false,
     "type":{"type":"list","element-id":13,"element":"string","element-required":false}}],
    "identifier-field-ids":[10]})");
}

TableMetadata NewTable(const std::string& version = "2") {
  TableRequest request;
  request.schema_json = Schema().dump();
  request.partition_spec_json =
      R"({"fields":[{"source-id":11,"name":"day_month","transform":"month"}]})";
  request.properties = {{"format-version", version}, {"owner", "me"}};
  request.location = "file:///w/t";
  request.uuid = "7d4e9e0e-0000-4000-8000-000000000001";
  request.now_ms = kNow;
  auto made = NewTableFromRequest(request);
  EXPECT_TRUE(made) << made.error().OneLine();
  return *std::move(made);
}

Json SnapshotJson(int64_t id, int64_t sequence, std::optional<int64_t> parent) {
  Json json = {{"snapshot-id", id},
               {"sequence-number", sequence},
               {"timestamp-ms", kNow + sequence},
               {"manifest-list", "file:///w/t/metadata/" + std::to_string(id) + ".avro"},
               {"summary", {{"operation", "append"}}},
               {"schema-id", 0}};
  if (parent) json["parent-snapshot-id"] = *parent;
  return {{"action", "add-snapshot"}, {"snapshot", json}};
}

Json MainAt(int64_t id) {
  return {{"action", "set-snapshot-ref"},
          {"ref-name", "main"},
          {"type", "branch"},
          {"snapshot-id", id}};
}

Result<TableMetadata> Applied(const TableMetadata& base, const std::vector<Json>& updates) {
  MetadataBuilder builder(base, kNow + 1000);
  for (const Json& update : updates) FIRN_CHECK(builder.Apply(update));
  return std::move(builder).Build();
}

TEST(MetadataBuilder, NewTableGetsFreshIdsLevelByLevelAndKeepsReservedPropertiesOut) {
  const TableMetadata table = NewTable();
  const auto& fields = table.current_schema().schema.fields;
  ASSERT_EQ(fields.size(), 3U);
  EXPECT_EQ(fields[0].id, 1);
  EXPECT_EQ(fields[2].id, 3);
  EXPECT_EQ(fields[2].type.children[0].id, 4);
  EXPECT_EQ(table.last_column_id, 4);
  EXPECT_EQ(table.current_schema().schema.identifier_field_ids, std::vector<int>{1});
  ASSERT_EQ(table.default_spec().fields.size(), 1U);
  EXPECT_EQ(table.default_spec().fields[0].source_id, 2);
  EXPECT_EQ(table.default_spec().fields[0].field_id, 1000);
  EXPECT_EQ(table.last_partition_id, 1000);
  EXPECT_EQ(table.default_sort_order_id, 0);
  EXPECT_FALSE(table.properties.contains("format-version"));
  EXPECT_EQ(table.properties.at("owner"), "me");
  // What was made is what the parser takes.
  EXPECT_TRUE(ParseMetadata(MetadataJson(table)));
}

TEST(MetadataBuilder, VersionOneFileHasTheFormsThatOldReadersLookFor) {
  const TableMetadata table = NewTable("1");
  const Json json = Json::parse(MetadataJson(table));
  EXPECT_TRUE(json.contains("schema"));
  EXPECT_EQ(json["partition-spec"].size(), 1U);
  EXPECT_FALSE(json.contains("last-sequence-number"));
  EXPECT_TRUE(ParseMetadata(MetadataJson(table)));
}

TEST(MetadataBuilder, TypesOfVersionThreeAreRefusedBeforeItAndKeptInIt) {
  const Json add = {
      {"action", "add-schema"},
      {"schema",
       {{"type", "struct"},
        {"fields",
         Json::array({{{"id", 1}, {"name", "id"}, {"required", true}, {"type", "long"}},
                      {{"id", 5}, {"name", "v"}, {"required", false}, {"type", "variant"}}})}}}};
  const auto refused = Applied(NewTable(), {add});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what().find("variant is not supported until v3"), std::string::npos);

  const auto kept = Applied(NewTable("3"), {add});
  ASSERT_TRUE(kept) << kept.error().OneLine();
  EXPECT_FALSE(kept->schemas.back()->understood);
  EXPECT_EQ(kept->last_column_id, 5);
  const std::string bytes = MetadataJson(*kept);
  // Readers of rows do without the column, and write it back as it was.
  const auto readable = ParseMetadata(bytes);
  ASSERT_TRUE(readable) << readable.error().OneLine();
  EXPECT_EQ(readable->schemas.back()->schema.Find("v"), nullptr);
  EXPECT_NE(readable->schemas.back()->schema.Find("id"), nullptr);
  EXPECT_EQ(MetadataJson(*readable), bytes);
  ParseOptions any;
  any.foreign_types = true;
  ASSERT_TRUE(ParseMetadata(bytes, any));
  EXPECT_EQ(MetadataJson(*ParseMetadata(bytes, any)), bytes);
}

TEST(MetadataBuilder, EqualSchemaIsTakenAgainAndLastAddedMeansIt) {
  const TableMetadata table = NewTable();
  Json same = Json::parse(table.current_schema().json);
  same["schema-id"] = 99;
  Json wider = same;
  wider["fields"].push_back({{"id", 5}, {"name", "n"}, {"required", false}, {"type", "int"}});
  const auto widened = Applied(table, {{{"action", "add-schema"}, {"schema", wider}},
                                       {{"action", "set-current-schema"}, {"schema-id", -1}}});
  ASSERT_TRUE(widened) << widened.error().OneLine();
  EXPECT_EQ(widened->current_schema_id, 1);
  EXPECT_EQ(widened->last_column_id, 5);
  const auto back = Applied(*widened, {{{"action", "add-schema"}, {"schema", same}},
                                       {{"action", "set-current-schema"}, {"schema-id", -1}}});
  ASSERT_TRUE(back) << back.error().OneLine();
  EXPECT_EQ(back->current_schema_id, 0);
  EXPECT_EQ(back->schemas.size(), 2U);
}

TEST(MetadataBuilder, ColumnOfTheDefaultSpecCannotGo) {
  const TableMetadata table = NewTable();
  Json schema = Json::parse(table.current_schema().json);
  schema["fields"].erase(1);
  const auto gone = Applied(table, {{{"action", "add-schema"}, {"schema", schema}},
                                    {{"action", "set-current-schema"}, {"schema-id", -1}}});
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code(), "LAKE-UPDATE-001");
}

TEST(MetadataBuilder, PartitionFieldOfTheSameSourceAndTransformKeepsItsId) {
  const TableMetadata table = NewTable();
  const Json spec = {
      {"fields", Json::array({{{"source-id", 1}, {"name", "b"}, {"transform", "bucket[8]"}},
                              {{"source-id", 2}, {"name", "m"}, {"transform", "month"}}})}};
  const auto next = Applied(table, {{{"action", "add-spec"}, {"spec", spec}},
                                    {{"action", "set-default-spec"}, {"spec-id", -1}}});
  ASSERT_TRUE(next) << next.error().OneLine();
  EXPECT_EQ(next->default_spec_id, 1);
  EXPECT_EQ(next->default_spec().fields[0].field_id, 1001);
  EXPECT_EQ(next->default_spec().fields[1].field_id, 1000);
}

TEST(MetadataBuilder, TransformThatDoesNotTakeTheTypeIsRefused) {
  const Json spec = {
      {"fields", Json::array({{{"source-id", 1}, {"name", "d"}, {"transform", "day"}}})}};
  const auto next = Applied(NewTable(), {{{"action", "add-spec"}, {"spec", spec}}});
  ASSERT_FALSE(next);
  EXPECT_NE(next.error().what().find("Invalid source type long"), std::string::npos);
}

TEST(MetadataBuilder, SnapshotOnAnOlderStateIsAConflictAndNotAMistake) {
  const auto one = Applied(NewTable(), {SnapshotJson(1, 1, {}), MainAt(1)});
  ASSERT_TRUE(one) << one.error().OneLine();
  const auto stale = Applied(*one, {SnapshotJson(2, 1, 1)});
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().code(), "LAKE-UPDATE-002");
}

TEST(MetadataBuilder, RowIdsMoveOnWithEverySnapshotOfVersionThree) {
  Json first = SnapshotJson(1, 1, {});
  EXPECT_FALSE(Applied(NewTable("3"), {first}));
  first["snapshot"]["first-row-id"] = 0;
  first["snapshot"]["added-rows"] = 25;
  const auto one = Applied(NewTable("3"), {first, MainAt(1)});
  ASSERT_TRUE(one) << one.error().OneLine();
  EXPECT_EQ(one->next_row_id, 25);
  Json second = SnapshotJson(2, 2, 1);
  second["snapshot"]["first-row-id"] = 24;
  second["snapshot"]["added-rows"] = 1;
  const auto behind = Applied(*one, {second});
  ASSERT_FALSE(behind);
  EXPECT_EQ(behind.error().code(), "LAKE-UPDATE-002");
}

TEST(MetadataBuilder, StatesThatWereMainOnlyInsideACommitLeaveTheLog) {
  const auto table =
      Applied(NewTable(), {SnapshotJson(1, 1, {}), MainAt(1), SnapshotJson(2, 2, 1), MainAt(2)});
  ASSERT_TRUE(table) << table.error().OneLine();
  EXPECT_EQ(table->current_snapshot_id, 2);
  ASSERT_EQ(table->snapshot_log.size(), 1U);
  EXPECT_EQ(table->snapshot_log[0].snapshot_id, 2);
  EXPECT_EQ(table->snapshots.size(), 2U);
}

TEST(MetadataBuilder, RemovedSnapshotTakesTheLogBeforeItAndItsReferencesAlong) {
  auto table = Applied(NewTable(), {SnapshotJson(1, 1, {}), MainAt(1)});
  table = Applied(*table, {SnapshotJson(2, 2, 1), MainAt(2)});
  table = Applied(*table, {SnapshotJson(3, 3, 2), MainAt(3)});
  ASSERT_TRUE(table);
  ASSERT_EQ(table->snapshot_log.size(), 3U);
  const auto rest = Applied(
      *table,
      {{{"action", "set-snapshot-ref"}, {"ref-name", "audit"}, {"type", "tag"}, {"snapshot-id", 2}},
       {{"action", "remove-snapshots"}, {"snapshot-ids", {2}}}});
  ASSERT_TRUE(rest) << rest.error().OneLine();
  ASSERT_EQ(rest->snapshot_log.size(), 1U);
  EXPECT_EQ(rest->snapshot_log[0].snapshot_id, 3);
  EXPECT_FALSE(rest->refs.contains("audit"));
  EXPECT_EQ(rest->current_snapshot_id, 3);
}

TEST(MetadataBuilder, UpdatesThatChangeNothingAreNoChange) {
  const TableMetadata table = NewTable();
  MetadataBuilder builder(table, kNow + 1000);
  ASSERT_TRUE(builder.Apply({{"action", "set-location"}, {"location", "file:///w/t/"}}));
  ASSERT_TRUE(builder.Apply({{"action", "upgrade-format-version"}, {"format-version", 2}}));
  ASSERT_TRUE(builder.Apply({{"action", "remove-properties"}, {"removals", {"absent"}}}));
  ASSERT_TRUE(builder.Apply({{"action", "set-current-schema"}, {"schema-id", 0}}));
  EXPECT_FALSE(builder.changed());
}

TEST(MetadataBuilder, MalformedUpdatesAreRefusedAndNeverThrow) {
  const TableMetadata table = NewTable();
  for (const char* text :
       {R"({})", R"({"action":7})", R"({"action":"fly"})", R"({"action":"add-schema"})",
        R"({"action":"add-schema","schema":{"type":"struct","fields":7}})",
        R"({"action":"add-schema","schema":{"fields":[{"id":"x","name":"a","type":"int"}]}})",
        R"({"action":"add-schema","schema":{"type":"","fields":[]}})",
        R"({"action":"add-snapshot","snapshot":{}})",
        R"({"action":"remove-snapshots","snapshot-ids":["x"]})",
        R"({"action":"remove-schemas","schema-ids":[0]})",
        R"({"action":"set-properties","updates":{"a":1}})",
        R"({"action":"set-snapshot-ref","ref-name":"main","type":"tag","snapshot-id":1})",
        R"({"action":"upgrade-format-version","format-version":1})",
        R"({"action":"upgrade-format-version","format-version":4})",
        R"({"action":"assign-uuid","uuid":"7d4e9e0e-0000-4000-8000-00000000000f"})"}) {
    MetadataBuilder builder(table, kNow);
    const auto applied = builder.Apply(Json::parse(text));
    ASSERT_FALSE(applied) << text;
    EXPECT_EQ(applied.error().code(), "LAKE-UPDATE-001") << text;
  }
}

TEST(Requirements, EachSaysWhatDoesNotHold) {
  const auto table = Applied(NewTable(), {SnapshotJson(1, 1, {}), MainAt(1)});
  ASSERT_TRUE(table);
  const std::pair<const char*, const char*> cases[] = {
      {R"({"type":"assert-create"})", "table already exists"},
      {R"({"type":"assert-table-uuid","uuid":"x"})", "UUID does not match"},
      {R"({"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":2})", "has changed"},
      {R"({"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":null})",
       "was created concurrently"},
      {R"({"type":"assert-ref-snapshot-id","ref":"dev","snapshot-id":2})", "is missing"},
      {R"({"type":"assert-last-assigned-field-id","last-assigned-field-id":3})",
       "last assigned field id changed"},
      {R"({"type":"assert-current-schema-id","current-schema-id":1})", "current schema changed"},
      {R"({"type":"assert-last-assigned-partition-id","last-assigned-partition-id":1})",
       "last assigned partition id changed"},
      {R"({"type":"assert-default-spec-id","default-spec-id":1})",
       "default partition spec changed"},
      {R"({"type":"assert-default-sort-order-id","default-sort-order-id":1})",
       "default sort order changed"}};
  for (const auto& [text, said] : cases) {
    const auto held = CheckRequirements("[" + std::string(text) + "]", &*table);
    ASSERT_FALSE(held) << text;
    EXPECT_EQ(held.error().code(), "LAKE-UPDATE-002") << text;
    EXPECT_NE(held.error().what().find(said), std::string::npos) << held.error().what();
  }
  const char* holds =
      R"([{"type":"assert-table-uuid","uuid":"7D4E9E0E-0000-4000-8000-000000000001"},
          {"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":1},
          {"type":"assert-ref-snapshot-id","ref":"dev","snapshot-id":null}])";
  EXPECT_TRUE(CheckRequirements(holds, &*table));
}

TEST(MetadataBuilder, SpecAndOrderFindASchemaThatBecomesTheCurrentOneLater) {
  // What DuckDB 1.5 sends to make a table: the schema is made the current one at the end.
  const Json updates = Json::array(
      {{{"action", "assign-uuid"}, {"uuid", "7d4e9e0e-0000-4000-8000-000000000001"}},
       {{"action", "upgrade-format-version"}, {"format-version", 2}},
       {{"action", "add-schema"}, {"schema", Schema()}},
       {{"action", "add-spec"},
        {"spec",
         {{"spec-id", 0},
          {"fields",
           Json::array({{{"source-id", 11}, {"name", "by_day"}, {"transform", "day"}}})}}}},
       {{"action", "set-default-spec"}, {"spec-id", 0}},
       {{"action", "add-sort-order"}, {"sort-order", {{"order-id", 0}, {"fields", Json::array()}}}},
       {{"action", "set-default-sort-order"}, {"sort-order-id", 0}},
       {{"action", "set-location"}, {"location", "file:///w/t"}},
       {{"action", "set-current-schema"}, {"schema-id", 0}}});
  const auto made = TableFromUpdates(updates.dump(), {});
  ASSERT_TRUE(made) << made.error().OneLine();
  EXPECT_EQ(made->current_schema_id, 0);
  EXPECT_EQ(made->default_spec().fields.at(0).name, "by_day");
}

}  // namespace
}  // namespace firn::lake
