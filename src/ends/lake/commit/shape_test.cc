// What could go wrong in production: two writers add a column each at the same time, both columns
// get one id, and from then on every reader shows the one's values under the other's name.
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cstdlib>
#include <set>

#include "ends/lake/format/metadata.h"
#include "ends/lake/table_test_desk.h"

namespace firn::lake {
namespace {

constexpr int kColumnsEach = 12;
constexpr const char* kWarehouse = "FIRN_TEST_WAREHOUSE";
constexpr const char* kWriter = "FIRN_TEST_WRITER";

record::Schema WithColumn(const Table& table, const std::string& name) {
  record::Schema schema = table.schema();
  schema.fields.push_back({table.last_column_id() + 1, name, false, {}, ""});
  return schema;
}

class ShapeTest : public TableDesk {
 protected:
  ShapeTest() { others_ = *Lake::Open({.warehouse = folder_ + "/warehouse"}); }
  std::unique_ptr<Lake> others_;
};

// Each column once, under an id of its own.
void ExpectSound(const record::Schema& schema, const std::set<std::string>& wanted) {
  std::set<int> ids;
  std::set<std::string> names;
  for (const record::Field& field : schema.fields) {
    EXPECT_TRUE(ids.insert(field.id).second) << field.name << " has an id twice";
    names.insert(field.name);
  }
  for (const std::string& name : wanted) EXPECT_TRUE(names.contains(name)) << name << " is lost";
}

TEST_F(ShapeTest, AColumnDerivedFromAnOlderSchemaIsRefusedAndNotMixedUp) {
  const Table base = Now();
  const record::Schema mine = WithColumn(base, "mine");
  ASSERT_TRUE(others_->EvolveSchema(call_, ident_, WithColumn(base, "theirs"), base.shape()));
  const auto refused = lake_->EvolveSchema(call_, ident_, mine, base.shape());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), "LAKE-COMMIT-007");
  EXPECT_EQ(refused.error().kind(), Kind::kConflict);
  EXPECT_NE(Now().schema().Find("theirs"), nullptr);

  const Table again = Now();
  const auto added = lake_->EvolveSchema(call_, ident_, WithColumn(again, "mine"), again.shape());
  ASSERT_TRUE(added) << added.error().OneLine();
  ExpectSound(added->schema(), {"Id", "mine", "theirs"});
}

TEST_F(ShapeTest, WhatOthersDidAlreadyIsNoConflict) {
  const Table base = Now();
  const record::Schema wanted = WithColumn(base, "same");
  ASSERT_TRUE(others_->EvolveSchema(call_, ident_, wanted, base.shape()));
  const auto same = lake_->EvolveSchema(call_, ident_, wanted, base.shape());
  ASSERT_TRUE(same) << same.error().OneLine();
  EXPECT_EQ(same->metadata_location(), Now().metadata_location());
}

TEST_F(ShapeTest, ADerivedSchemaIsDerivedAgainWhenOthersGotInBetween) {
  int derived = 0;
  const auto table =
      lake_->EvolveSchema(call_, ident_, [&](const Table& now) -> Result<record::Schema> {
        record::Schema schema = WithColumn(now, "mine");
        if (++derived == 1) {
          EXPECT_TRUE(others_->EvolveSchema(call_, ident_, WithColumn(now, "theirs"), now.shape()));
        }
        return schema;
      });
  ASSERT_TRUE(table) << table.error().OneLine();
  EXPECT_EQ(derived, 2);
  ExpectSound(table->schema(), {"Id", "mine", "theirs"});
}

TEST_F(ShapeTest, AFullReplaceWithASchemaOfAnOlderShapeIsRefused) {
  const Table base = Now();
  const record::Schema mine = WithColumn(base, "mine");
  ASSERT_TRUE(others_->EvolveSchema(call_, ident_, WithColumn(base, "theirs"), base.shape()));
  CommitOptions options;
  options.derived_from = base.shape();
  const auto refused = lake_->ReplaceAll(call_, ident_, {}, &mine, options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), "LAKE-COMMIT-007");
  EXPECT_EQ(Ids(), "1234");
}

TEST_F(ShapeTest, PartitionFieldsKeepTheirIdsThroughEvolution) {
  const PartitionField bucket{1, 0, "Id_bucket", "bucket[4]"};
  const PartitionField prefix{1, 0, "Id_trunc", "truncate[3]"};
  auto table = lake_->EvolveSpec(call_, ident_, {bucket}, Now().shape());
  ASSERT_TRUE(table) << table.error().OneLine();
  EXPECT_EQ(table->metadata().default_spec().fields.front().field_id, 1000);
  table = lake_->EvolveSpec(call_, ident_, {prefix, bucket}, table->shape());
  ASSERT_TRUE(table) << table.error().OneLine();
  const auto& fields = table->metadata().default_spec().fields;
  EXPECT_EQ(fields[0].field_id, 1001);
  EXPECT_EQ(fields[1].field_id, 1000);
  EXPECT_EQ(table->metadata().last_partition_id, 1001);
  // Back to the first one: no third spec is made.
  table = lake_->EvolveSpec(call_, ident_, {bucket}, table->shape());
  ASSERT_TRUE(table);
  EXPECT_EQ(table->metadata().partition_specs.size(), 3U);
  EXPECT_EQ(table->metadata().default_spec_id, 1);
}

TEST_F(ShapeTest, APartitionSpecDerivedFromAnOlderOneIsRefused) {
  const Table base = Now();
  ASSERT_TRUE(others_->EvolveSpec(call_, ident_, {{1, 0, "theirs", "bucket[4]"}}, base.shape()));
  const auto refused =
      lake_->EvolveSpec(call_, ident_, {{1, 0, "mine", "truncate[2]"}}, base.shape());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), "LAKE-COMMIT-007");
  EXPECT_EQ(Now().metadata().default_spec().fields.front().name, "theirs");
}

TEST_F(ShapeTest, FieldsThatCannotBeAreRefusedWithTheReason) {
  const TableShape shape = Now().shape();
  const std::vector<std::vector<PartitionField>> bad = {
      {{99, 0, "gone", "identity"}},
      {{1, 0, "hours", "hour"}},
      {{1, 0, "zorder", "zorder[2]"}},
      {{1, 0, "Id", "bucket[2]"}},
      {{1, 0, "a", "bucket[2]"}, {1, 0, "b", "bucket[2]"}},
      {{1, 0, "a", "bucket[2]"}, {1, 0, "a", "bucket[3]"}}};
  for (const auto& fields : bad) {
    const auto refused = lake_->EvolveSpec(call_, ident_, fields, shape);
    ASSERT_FALSE(refused) << fields.front().name;
    EXPECT_EQ(refused.error().code(), "LAKE-SPEC-001");
    EXPECT_FALSE(refused.error().why().empty());
  }
  EXPECT_EQ(lake_->EvolveSortOrder(call_, ident_, {{1, "hour", "asc", "nulls-first"}}, shape)
                .error()
                .code(),
            "LAKE-SPEC-001");
  EXPECT_EQ(lake_->EvolveSortOrder(call_, ident_, {{1, "identity", "up", "nulls-first"}}, shape)
                .error()
                .code(),
            "LAKE-SPEC-001");
}

TEST_F(ShapeTest, SortOrdersEvolveAndAnOlderOneIsTakenAgain) {
  const SortField by_id{1, "identity", "asc", "nulls-first"};
  const Table base = Now();
  auto table = lake_->EvolveSortOrder(call_, ident_, {by_id}, base.shape());
  ASSERT_TRUE(table) << table.error().OneLine();
  EXPECT_EQ(table->metadata().default_sort_order_id, 1);
  const auto refused = others_->EvolveSortOrder(call_, ident_, {}, base.shape());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), "LAKE-COMMIT-007");
  table = lake_->EvolveSortOrder(call_, ident_, {}, table->shape());
  ASSERT_TRUE(table);
  EXPECT_EQ(table->metadata().default_sort_order_id, 0);
  table = lake_->EvolveSortOrder(call_, ident_, {by_id}, table->shape());
  ASSERT_TRUE(table);
  EXPECT_EQ(table->metadata().default_sort_order_id, 1);
  EXPECT_EQ(table->metadata().sort_orders.size(), 2U);
}

TEST_F(ShapeTest, AColumnThatFilesAreLaidOutByIsNotDropped) {
  const Table base = Now();
  auto grown = lake_->EvolveSchema(call_, ident_, WithColumn(base, "Kind"), base.shape());
  ASSERT_TRUE(grown);
  const int id = grown->schema().Find("Kind")->id;
  auto table = lake_->EvolveSpec(call_, ident_, {{id, 0, "Kind", "identity"}}, grown->shape());
  ASSERT_TRUE(table) << table.error().OneLine();
  const auto refused = lake_->EvolveSchema(call_, ident_, base.schema(), table->shape());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), "LAKE-SCHEMA-001");
  table = lake_->EvolveSpec(call_, ident_, {}, table->shape());
  ASSERT_TRUE(table);
  EXPECT_TRUE(lake_->EvolveSchema(call_, ident_, base.schema(), table->shape()));
}

// One of the two processes: adds its columns one by one, each derived from the newest state.
TEST(ShapeWriter, AddsColumnsWhenItIsStartedAsAWriter) {
  const char* warehouse = std::getenv(kWarehouse);
  if (warehouse == nullptr) GTEST_SKIP() << "run by TwoProcessesAddColumnsAtOnce";
  const auto lake = *Lake::Open({.warehouse = warehouse, .create = false});
  const TableIdent ident{"sales", "Thing"};
  const Call call;
  for (int i = 0; i < kColumnsEach;) {
    const auto now = lake->Load(ident);
    ASSERT_TRUE(now) << now.error().OneLine();
    const std::string name = std::getenv(kWriter) + std::to_string(i);
    const auto done = lake->EvolveSchema(call, ident, WithColumn(*now, name), now->shape());
    ASSERT_TRUE(done || done.error().code() == "LAKE-COMMIT-007") << done.error().OneLine();
    if (done) ++i;
  }
}

TEST_F(ShapeTest, TwoProcessesAddColumnsAtOnce) {
  setenv(kWarehouse, (folder_ + "/warehouse").c_str(), 1);
  std::vector<pid_t> writers;
  for (const char* name : {"a", "b"}) {
    setenv(kWriter, name, 1);
    std::string program = "/proc/self/exe";
    std::string filter = "--gtest_filter=ShapeWriter.*";
    char* const arguments[] = {program.data(), filter.data(), nullptr};
    pid_t writer = 0;
    ASSERT_EQ(posix_spawn(&writer, program.c_str(), nullptr, nullptr, arguments, environ), 0);
    writers.push_back(writer);
  }
  unsetenv(kWarehouse);
  for (const pid_t writer : writers) {
    int status = 0;
    ASSERT_EQ(waitpid(writer, &status, 0), writer);
    EXPECT_EQ(status, 0);
  }
  std::set<std::string> wanted{"Id"};
  for (int i = 0; i < kColumnsEach; ++i) {
    wanted.insert("a" + std::to_string(i));
    wanted.insert("b" + std::to_string(i));
  }
  const Table table = Now();
  ExpectSound(table.schema(), wanted);
  EXPECT_EQ(table.schema().fields.size(), wanted.size());
  EXPECT_EQ(Ids(), "1234");
}

}  // namespace
}  // namespace firn::lake
