// What could go wrong in production: two writers lose each other's rows, a lost answer makes a
// retry double them, a locked catalog hangs for ever.
#include "ends/lake/commit/commit.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "core/base/file.h"
#include "core/base/sqlite.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/internal/lake_parts.h"
#include "ends/lake/maintain/orphans.h"
#include "tests/support/test_folder.h"

namespace firn::lake {
namespace {

record::Schema OneColumn() {
  record::Schema schema;
  schema.fields.push_back({1, "Id", true, {}, ""});
  return schema;
}

// Passes everything on, but answers the next swaps as told.
class LossyCatalog final : public Catalog {
 public:
  enum class Next { kPass, kLoseAnswerAfter, kLoseBefore };
  explicit LossyCatalog(std::unique_ptr<Catalog> inner) : inner_(std::move(inner)) {}

  Result<std::vector<std::string>> Namespaces() override { return inner_->Namespaces(); }
  Result<void> CreateNamespace(const std::string& ns) override {
    return inner_->CreateNamespace(ns);
  }
  Result<std::vector<TableIdent>> Tables(const std::string& ns) override {
    return inner_->Tables(ns);
  }
  Result<std::optional<CatalogEntry>> Find(const TableIdent& ident) override {
    if (blind) return Fail(Error(Kind::kUnreachable, "TEST-001", "not reachable"));
    return inner_->Find(ident);
  }
  Result<bool> Insert(const TableIdent& ident, const std::string& location) override {
    return inner_->Insert(ident, location);
  }
  Result<bool> Swap(const TableIdent& ident, const CatalogSwap& swap) override {
    const Next now = next;
    next = Next::kPass;
    if (now == Next::kLoseAnswerAfter) FIRN_CHECK(inner_->Swap(ident, swap));
    if (now != Next::kPass) {
      blind = blind_after_loss;
      return Fail(Error(Kind::kCommitUnknown, "TEST-002", "the answer is lost"));
    }
    return inner_->Swap(ident, swap);
  }
  Result<bool> Delete(const TableIdent& ident) override { return inner_->Delete(ident); }

  Next next = Next::kPass;
  bool blind_after_loss = false;
  bool blind = false;

 private:
  std::unique_ptr<Catalog> inner_;
};

class CommitTest : public testing::Test {
 protected:
  CommitTest() {
    EXPECT_TRUE(MakeFolders(folder_ + "/data"));
    lake_ = *Lake::Open({.warehouse = folder_});
    EXPECT_TRUE(lake_->Create(call_, ident_, OneColumn(), {}));
  }

  DataFile File(const std::string& name) {
    DataFile file;
    file.path = FileUri(folder_ + "/data/" + name);
    file.record_count = 1;
    file.file_size_bytes = 1;
    EXPECT_TRUE(WriteFileDurably(folder_ + "/data/" + name, "x"));
    return file;
  }
  std::unique_ptr<Lake> Lossy(LossyCatalog*& catalog) {
    auto made = std::make_unique<LossyCatalog>(*OpenSqlCatalog({.path = folder_ + "/catalog.db"}));
    catalog = made.get();
    return internal::LakeOf({folder_, std::move(made), LocalStore(folder_)});
  }
  int64_t Rows() {
    const auto table = lake_->Load(ident_);
    const auto files = table->Files(call_);
    EXPECT_TRUE(files) << files.error().OneLine();
    return files ? static_cast<int64_t>(files->size()) : -1;
  }

  TestFolder temporary_;
  std::string folder_ = temporary_.path();
  std::unique_ptr<Lake> lake_;
  TableIdent ident_{"ns", "t"};
  ManualClock clock_{UtcMicros(std::chrono::seconds(1'800'000'000))};
  Call call_ = WithClock();
  Call WithClock() {
    Call call;
    call.clock = &clock_;
    return call;
  }
};

TEST_F(CommitTest, ALostAnswerOfACommitThatHappenedIsNotRetried) {
  LossyCatalog* catalog = nullptr;
  const auto lake = Lossy(catalog);
  catalog->next = LossyCatalog::Next::kLoseAnswerAfter;
  const auto table = lake->Append(call_, ident_, {File("a")}, {});
  ASSERT_TRUE(table) << table.error().OneLine();
  EXPECT_EQ(table->history().size(), 1U);
  EXPECT_EQ(Rows(), 1);
}

TEST_F(CommitTest, ALostAnswerOfACommitThatDidNotHappenIsTriedAgain) {
  LossyCatalog* catalog = nullptr;
  const auto lake = Lossy(catalog);
  catalog->next = LossyCatalog::Next::kLoseBefore;
  const auto table = lake->Append(call_, ident_, {File("a")}, {});
  ASSERT_TRUE(table) << table.error().OneLine();
  EXPECT_EQ(Rows(), 1);
  EXPECT_TRUE(OrphanFiles(call_, *table)->empty());
}

TEST_F(CommitTest, AnOutcomeThatCannotBeFoundOutIsSaidAndNothingIsRemoved) {
  LossyCatalog* catalog = nullptr;
  const auto lake = Lossy(catalog);
  catalog->next = LossyCatalog::Next::kLoseAnswerAfter;
  catalog->blind_after_loss = true;
  const auto table = lake->Append(call_, ident_, {File("a")}, {});
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().kind(), Kind::kCommitUnknown);
  EXPECT_EQ(table.error().code(), "LAKE-COMMIT-002");
  // It had happened: the table must be whole.
  EXPECT_EQ(Rows(), 1);
}

TEST_F(CommitTest, WritersSideBySideLoseNothing) {
  constexpr int kWriters = 4;
  constexpr int kCommits = 8;
  std::vector<std::vector<DataFile>> files(kWriters);
  for (int writer = 0; writer < kWriters; ++writer) {
    for (int i = 0; i < kCommits; ++i)
      files[static_cast<size_t>(writer)].push_back(
          File(std::to_string(writer) + "-" + std::to_string(i)));
  }
  std::vector<std::string> errors(kWriters);
  {
    std::vector<std::jthread> threads;
    for (size_t writer = 0; writer < kWriters; ++writer) {
      threads.emplace_back([&, writer] {
        // Each as a process of its own would: its own connection and memory.
        const auto lake = *Lake::Open({.warehouse = folder_});
        for (const DataFile& file : files[writer]) {
          Call call;
          call.retries = std::make_shared<RetryBudget>(1000);
          const auto table = lake->Append(call, ident_, {file}, {});
          if (!table) errors[writer] = table.error().OneLine();
        }
      });
    }
  }
  EXPECT_EQ(errors, std::vector<std::string>(kWriters));
  EXPECT_EQ(Rows(), kWriters * kCommits);
  const auto history = lake_->Load(ident_)->history();
  ASSERT_EQ(history.size(), static_cast<size_t>(kWriters * kCommits));
  for (size_t i = 0; i < history.size(); ++i)
    EXPECT_EQ(history[i].sequence_number, static_cast<int64_t>(i) + 1);
  EXPECT_EQ(history.back().summary.at("total-records"), std::to_string(kWriters * kCommits));
}

TEST_F(CommitTest, AClockSetBackKeepsTheLogInOrder) {
  ASSERT_TRUE(lake_->Append(call_, ident_, {File("a")}, {}));
  ManualClock earlier(UtcMicros(std::chrono::seconds(1'700'000'000)));
  Call call;
  call.clock = &earlier;
  const auto table = lake_->Append(call, ident_, {File("b")}, {});
  ASSERT_TRUE(table);
  EXPECT_GT(table->history()[1].timestamp_ms, table->history()[0].timestamp_ms);
}

TEST_F(CommitTest, ALockedCatalogIsSaidAfterATimeOut) {
  auto holder = Database::Open(folder_ + "/catalog.db", {});
  ASSERT_TRUE(holder);
  auto transaction = Transaction::Begin(*holder);
  ASSERT_TRUE(transaction);
  const auto lake = *Lake::Open({.warehouse = folder_, .busy_timeout_ms = 20});
  const auto table = lake->Append(call_, ident_, {File("a")}, {});
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().code(), "LAKE-CATALOG-001");
  EXPECT_EQ(table.error().kind(), Kind::kConflict);
  EXPECT_EQ(Rows(), 0);
}

TEST_F(CommitTest, OldMetadataFilesAreRemovedAsTheTableSays) {
  ASSERT_TRUE(lake_->SetProperties(call_, ident_, {{"write.metadata.previous-versions-max", "2"}}));
  for (const char* name : {"a", "b", "c", "d", "e"})
    ASSERT_TRUE(lake_->Append(call_, ident_, {File(name)}, {}));
  const auto table = lake_->Load(ident_);
  EXPECT_EQ(table->metadata().metadata_log.size(), 2U);
  int metadata_files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ + "/ns/t/metadata"))
    metadata_files += entry.path().string().ends_with(".metadata.json") ? 1 : 0;
  EXPECT_EQ(metadata_files, 3);
  EXPECT_EQ(Rows(), 5);
}

TEST_F(CommitTest, GzipMetadataIsWrittenAndReadWhenTheTableAsksForIt) {
  ASSERT_TRUE(lake_->SetProperties(call_, ident_, {{"write.metadata.compression-codec", "gzip"}}));
  ASSERT_TRUE(lake_->Append(call_, ident_, {File("a")}, {}));
  const auto other = *Lake::Open({.warehouse = folder_});
  const auto table = other->Load(ident_);
  ASSERT_TRUE(table) << table.error().OneLine();
  EXPECT_TRUE(table->metadata_location().ends_with(".gz.metadata.json"));
  EXPECT_EQ(table->history().size(), 1U);
}

TEST_F(CommitTest, ACatalogOfTheOldSchemaGetsItsColumn) {
  const std::string path = folder_ + "/old.db";
  {
    auto db = Database::Open(path, {});
    ASSERT_TRUE(db);
    ASSERT_TRUE(db->Execute(
        "CREATE TABLE iceberg_tables (catalog_name VARCHAR(255) NOT NULL, table_namespace "
        "VARCHAR(255) NOT NULL, table_name VARCHAR(255) NOT NULL, metadata_location "
        "VARCHAR(1000), previous_metadata_location VARCHAR(1000), PRIMARY KEY (catalog_name, "
        "table_namespace, table_name)); INSERT INTO iceberg_tables VALUES ('firn','n','t','m',"
        "NULL)"));
  }
  const auto catalog = OpenSqlCatalog({.path = path});
  ASSERT_TRUE(catalog) << catalog.error().OneLine();
  const auto entry = (*catalog)->Find({"n", "t"});
  ASSERT_TRUE(entry && *entry);
  EXPECT_EQ((*entry)->metadata_location, "m");
  EXPECT_FALSE(*(*catalog)->Insert({"n", "t"}, "other"));
  EXPECT_FALSE(*(*catalog)->Swap({"n", "t"}, {"wrong", "x"}));
  EXPECT_TRUE(*(*catalog)->Swap({"n", "t"}, {"m", "x"}));
  EXPECT_EQ((*(*catalog)->Find({"n", "t"}))->previous_metadata_location, "m");
}

}  // namespace
}  // namespace firn::lake
