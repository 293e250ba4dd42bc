// What could go wrong in production: a change of a table that the catalog is not asked for is lost
// without a word.
#include "ends/lake/catalog/metadata_diff.h"

#include <gtest/gtest.h>

#include "ends/lake/maintain/expiry.h"
#include "ends/lake/updates/table_updates.h"

namespace firn::lake {
namespace {

record::Schema OneColumn() {
  record::Schema schema;
  schema.fields.push_back({1, "Id", true, {}, ""});
  return schema;
}

TableMetadata Base() {
  NewTableOptions options;
  options.uuid = "9c12d441-03fe-4693-9a96-a0705ddf69c1";
  options.location = "file:///lake/t";
  options.now_ms = 1;
  options.properties = {{"a", "1"}, {"b", "2"}};
  TableMetadata metadata = NewTableMetadata(OneColumn(), options);
  for (const int64_t id : {11, 12}) {
    Snapshot snapshot;
    snapshot.snapshot_id = id;
    if (id > 11) snapshot.parent_id = id - 1;
    snapshot.sequence_number = metadata.last_sequence_number + 1;
    snapshot.timestamp_ms = 1 + id;
    snapshot.operation = "append";
    snapshot.manifest_list = "file:///lake/t/metadata/" + std::to_string(id) + ".avro";
    RenderSnapshot(snapshot);
    AddSnapshot(metadata, snapshot);
  }
  return metadata;
}

// What a catalog makes of the difference: `next`, but for the logs and times that are its own.
void ExpectTold(const TableMetadata& base, TableMetadata next) {
  const auto diff = DiffMetadata(base, next);
  ASSERT_TRUE(diff) << diff.error().OneLine();
  EXPECT_FALSE(diff->empty());
  EXPECT_TRUE(CheckRequirements(diff->requirements, &base)) << diff->requirements;
  const auto told = ApplyUpdates(base, diff->updates, 99);
  ASSERT_TRUE(told) << told.error().OneLine() << diff->updates;
  TableMetadata made = told->metadata;
  for (TableMetadata* one : {&made, &next}) {
    one->last_updated_ms = 0;
    one->snapshot_log.clear();
    one->metadata_log.clear();
  }
  EXPECT_EQ(MetadataJson(made), MetadataJson(next)) << diff->updates;
}

TEST(MetadataDiff, NothingChangedAsksForNothing) {
  const auto diff = DiffMetadata(Base(), Base());
  ASSERT_TRUE(diff);
  EXPECT_TRUE(diff->empty());
}

TEST(MetadataDiff, EveryKindOfChangeArrives) {
  const TableMetadata base = Base();
  TableMetadata properties = base;
  properties.properties = {{"a", "1"}, {"c", "3"}};
  ExpectTold(base, properties);

  TableMetadata schema = base;
  record::Schema wider = OneColumn();
  wider.fields.push_back({2, "Name", false, {}, ""});
  SetCurrentSchema(schema, wider);
  ExpectTold(base, schema);

  TableMetadata spec = base;
  spec.partition_specs.push_back({1, {{1, 1000, "Id_bucket", "bucket[4]"}}});
  spec.default_spec_id = 1;
  spec.last_partition_id = 1000;
  ExpectTold(base, spec);

  TableMetadata order = base;
  order.sort_orders.push_back({1, {{1, "identity", "asc", "nulls-first"}}});
  order.default_sort_order_id = 1;
  ExpectTold(base, order);

  TableMetadata version = base;
  version.format_version = 3;
  ExpectTold(base, version);
}

TEST(MetadataDiff, SnapshotsRefsAndExpiryArriveTogether) {
  const TableMetadata base = Base();
  TableMetadata next = base;
  Snapshot snapshot;
  snapshot.snapshot_id = 13;
  snapshot.parent_id = 12;
  snapshot.sequence_number = next.last_sequence_number + 1;
  snapshot.timestamp_ms = 50;
  snapshot.operation = "append";
  snapshot.manifest_list = "file:///lake/t/metadata/13.avro";
  RenderSnapshot(snapshot);
  AddSnapshot(next, snapshot);
  next.refs["kept"] = {12, "tag", {}, {}, 1000};
  RemoveSnapshots(next, {base.snapshots.front()});
  ExpectTold(base, next);

  TableMetadata moved = base;
  moved.refs["main"].snapshot_id = 11;
  const auto diff = DiffMetadata(base, moved);
  ASSERT_TRUE(diff);
  EXPECT_NE(diff->requirements.find(R"("ref":"main","snapshot-id":12)"), std::string::npos);
}

TEST(MetadataDiff, WorkedOutOnAnotherStateIsRefused) {
  const TableMetadata base = Base();
  TableMetadata next = base;
  next.refs["main"].snapshot_id = 11;
  const auto diff = DiffMetadata(base, next);
  ASSERT_TRUE(diff);
  TableMetadata others = base;
  others.refs["main"].snapshot_id = 11;
  EXPECT_FALSE(CheckRequirements(diff->requirements, &others));
}

}  // namespace
}  // namespace firn::lake
