// The state and the catalog live in SQLite: what it refuses must come out as the right kind.
#include "core/base/sqlite.h"

#include <gtest/gtest.h>

#include "core/base/file.h"
#include "tests/support/test_folder.h"

namespace firn {
namespace {

struct SqliteTest : testing::Test {
  TestFolder temporary;
  std::string folder = temporary.path();
  std::string path = folder + "/a.db";
};

TEST_F(SqliteTest, ValuesOfEveryTypeComeBack) {
  auto db = Database::OpenInMemory().value();
  ASSERT_TRUE(db.Execute("CREATE TABLE t (a, b, c, d, e)").has_value());
  auto insert = db.Prepare("INSERT INTO t VALUES (?,?,?,?,?)").value();
  const std::string blob("\0\1", 2);
  insert.Bind(1, 7).Bind(2, 1.5).Bind(3, "t\xc3\xa4xt").BindBlob(4, blob).BindNull(5);
  ASSERT_TRUE(insert.Run().has_value());
  insert.Bind(1, int64_t{1} << 40).Bind(3, std::string_view()).BindStaticBlob(4, {});
  ASSERT_TRUE(insert.Run().has_value());
  EXPECT_EQ(db.LastInsertRowid(), 2);
  auto select = db.Prepare("SELECT * FROM t ORDER BY rowid").value();
  ASSERT_TRUE(select.Step().value());
  EXPECT_EQ(select.Int(0), 7);
  EXPECT_EQ(select.Real(1), 1.5);
  EXPECT_EQ(select.Text(2), "t\xc3\xa4xt");
  EXPECT_EQ(select.Blob(3), blob);
  EXPECT_TRUE(select.IsNull(4));
  ASSERT_TRUE(select.Step().value());
  EXPECT_EQ(select.Int(0), int64_t{1} << 40);
  EXPECT_TRUE(select.IsNull(1));
  EXPECT_FALSE(select.IsNull(2));  // an empty text is not null
  EXPECT_FALSE(select.Step().value());
}

TEST_F(SqliteTest, AFileIsOpenedWithWalAndFullSync) {
  auto db = Database::Open(path, {}).value();
  auto ask = [&](const char* sql) {
    auto statement = db.Prepare(sql).value();
    EXPECT_TRUE(statement.Step().value());
    return std::string(statement.Text(0));
  };
  EXPECT_EQ(ask("PRAGMA journal_mode"), "wal");
  EXPECT_EQ(ask("PRAGMA synchronous"), "2");
  EXPECT_EQ(ask("PRAGMA foreign_keys"), "1");
}

TEST_F(SqliteTest, WhatIsNoDatabaseIsCorrupt) {
  ASSERT_TRUE(WriteFileDurably(path, std::string(8192, 'x')).has_value());
  EXPECT_EQ(Database::Open(path, {}).error().code(), "BASE-SQL-002");
  EXPECT_EQ(Database::Open(path, {.read_only = true}).error().kind(), Kind::kCorrupt);
}

TEST_F(SqliteTest, ADamagedPageIsFoundWhenAsked) {
  {
    auto db = Database::Open(path, {}).value();
    ASSERT_TRUE(db.Execute("CREATE TABLE t (a); CREATE INDEX i ON t (a);").has_value());
    auto insert = db.Prepare("INSERT INTO t VALUES (?)").value();
    for (int i = 0; i < 2000; ++i) {
      ASSERT_TRUE(insert.Bind(1, "value " + std::to_string(i)).Run().has_value());
    }
  }
  std::string bytes = ReadFile(path).value();
  bytes.replace(3 * 4096, 4096, std::string(4096, '\x5a'));
  ASSERT_TRUE(WriteFileDurably(path, bytes).has_value());
  EXPECT_EQ(Database::Open(path, {.check_integrity = true}).error().code(), "BASE-SQL-002");
}

TEST_F(SqliteTest, AMissingFileIsNotMadeUnlessAsked) {
  EXPECT_EQ(Database::Open(path, {.create = false}).error().kind(), Kind::kNotFound);
  EXPECT_FALSE(FileExists(path));
}

TEST_F(SqliteTest, ALockThatStaysIsAConflict) {
  auto one = Database::Open(path, {}).value();
  auto two = Database::Open(path, {.busy_timeout_ms = 20}).value();
  auto holder = Transaction::Begin(one).value();
  const auto second = Transaction::Begin(two);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code(), "BASE-SQL-003");
  EXPECT_EQ(second.error().kind(), Kind::kConflict);
  EXPECT_EQ(second.error().retry().when, Retry::When::kBackoff);
}

TEST_F(SqliteTest, ATransactionThatIsNotCommittedLeavesNothing) {
  auto db = Database::OpenInMemory().value();
  ASSERT_TRUE(db.Execute("CREATE TABLE t (a PRIMARY KEY)").has_value());
  {
    auto transaction = Transaction::Begin(db).value();
    ASSERT_TRUE(db.Execute("INSERT INTO t VALUES (1)").has_value());
  }
  {
    auto transaction = Transaction::Begin(db).value();
    ASSERT_TRUE(db.Execute("INSERT INTO t VALUES (2)").has_value());
    ASSERT_TRUE(transaction.Commit().has_value());
  }
  auto count = db.Prepare("SELECT count(*), max(a) FROM t").value();
  ASSERT_TRUE(count.Step().value());
  EXPECT_EQ(count.Int(0), 1);
  EXPECT_EQ(count.Int(1), 2);
  count.Reset();
  EXPECT_EQ(db.Execute("INSERT INTO t VALUES (2)").error().code(), "BASE-SQL-008");
}

TEST_F(SqliteTest, BadSqlAndBadBindingsAreErrorsNotCrashes) {
  auto db = Database::OpenInMemory().value();
  EXPECT_EQ(db.Prepare("SELEC 1").error().code(), "BASE-SQL-006");
  auto statement = db.Prepare("SELECT ?").value();
  EXPECT_EQ(statement.Bind(2, 1).Step().error().code(), "BASE-SQL-006");
  statement.Reset();
  EXPECT_TRUE(statement.Bind(1, 1).Step().value());
}

TEST_F(SqliteTest, EachMigrationRunsOnce) {
  auto db = Database::Open(path, {}).value();
  ASSERT_TRUE(Migrate(db, {"CREATE TABLE a (x)"}).has_value());
  ASSERT_TRUE(Migrate(db, {"CREATE TABLE a (x)", "CREATE TABLE b (x)"}).has_value());
  ASSERT_TRUE(Migrate(db, {"CREATE TABLE a (x)", "CREATE TABLE b (x)"}).has_value());
  EXPECT_EQ(Migrate(db, {"CREATE TABLE a (x)"}).error().code(), "BASE-SQL-004");
  // A migration that fails leaves the version before it.
  EXPECT_FALSE(Migrate(db, {"", "", "CREATE TABLE c (x)", "broken"}).has_value());
  EXPECT_FALSE(db.Prepare("SELECT * FROM c").has_value());
}

}  // namespace
// Another user, or a backup that is mounted for reading: root may write everywhere.
class AsNobody {
 public:
  AsNobody() : was_root_(geteuid() == 0) { EXPECT_EQ(seteuid(was_root_ ? 65534 : geteuid()), 0); }
  ~AsNobody() { EXPECT_EQ(seteuid(was_root_ ? 0 : geteuid()), 0); }

 private:
  bool was_root_;
};

struct ReadOnlyFolderTest : SqliteTest {
  ReadOnlyFolderTest() {
    auto db = Database::Open(path, {.create = true}).value();
    EXPECT_TRUE(db.Execute("CREATE TABLE t (a); INSERT INTO t VALUES (7)").has_value());
  }
  ~ReadOnlyFolderTest() override { Allow(0755); }
  void Allow(int mode) const {
    std::filesystem::permissions(folder, static_cast<std::filesystem::perms>(mode));
  }
};

TEST_F(ReadOnlyFolderTest, DatabaseIsReadWhereNothingMayBeMadeBesideIt) {
  Allow(0555);
  const AsNobody other_user;
  for (const bool read_only : {true, false}) {
    auto db = Database::Open(path, {.read_only = read_only, .create = false});
    ASSERT_TRUE(db) << db.error().OneLine();
    auto select = db->Prepare("SELECT a FROM t").value();
    ASSERT_TRUE(select.Step().value());
    EXPECT_EQ(select.Int(0), 7);
  }
}

TEST_F(ReadOnlyFolderTest, WritingThereSaysWhoMustAct) {
  Allow(0555);
  const AsNobody other_user;
  auto db = Database::Open(path, {.create = false}).value();
  const auto refused = db.Execute("INSERT INTO t VALUES (8)");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), "BASE-SQL-009");
  EXPECT_NE(refused.error().hint().find("right to write"), std::string::npos);
}

}  // namespace firn
