// What could go wrong in production: a change is missing in the log or there twice because somebody
// was killed between two commits, a window that was read again looks like changes, what another
// engine did is passed over in silence.
#include "ends/lake/merge/changelog.h"

#include <filesystem>
#include <random>

#include "ends/lake/maintain/erase.h"
#include "ends/lake/maintain/maintenance.h"
#include "ends/lake/merge/test_desk.h"
#include "ends/lake/read/row_text.h"

namespace firn::lake {
namespace {

using LogRow = std::map<std::string, std::string>;  // without what is null

class ChangelogTest : public MergeDesk {
 protected:
  static MergeOptions On() {
    MergeOptions options;
    options.changelog = MergeOptions::Changelog::kOn;
    return options;
  }
  TableIdent log_{"sales", "Deal__changelog"};

  // Rows of the log by commit and Id, without the time.
  std::vector<LogRow> Log() {
    std::vector<LogRow> out;
    const auto table = others_->Load(log_);
    EXPECT_TRUE(table) << table.error().OneLine();
    if (!table) return out;
    const auto reader = RowReader::Open(call_, *table, {});
    EXPECT_TRUE(reader) << reader.error().OneLine();
    for (;;) {
      const auto batch = (*reader)->Next(call_);
      EXPECT_TRUE(batch) << batch.error().OneLine();
      if (!batch || *batch == nullptr) break;
      const RowText text(**batch, table->schema());
      for (int64_t row = 0; row < text.rows(); ++row) out.push_back(RowOf(text, *table, row));
    }
    std::sort(out.begin(), out.end(), [](const LogRow& a, const LogRow& b) {
      const auto key = [](const LogRow& row) {
        const auto id = row.find("Id");
        return std::pair(std::stoll(row.at("__commit")), id == row.end() ? "" : id->second);
      };
      return key(a) < key(b);
    });
    return out;
  }
  static LogRow RowOf(const RowText& text, const Table& table, int64_t row) {
    LogRow out;
    for (size_t i = 0; i < table.schema().fields.size(); ++i) {
      const auto cell = text.Cell(row, static_cast<int>(i));
      if (cell) out[table.schema().fields[i].name] = *cell;
    }
    EXPECT_FALSE(out["__committed_at"].empty());
    out.erase("__committed_at");
    return out;
  }
  std::vector<std::string> Operations() {
    std::vector<std::string> out;
    for (const LogRow& row : Log()) {
      const auto id = row.find("Id");
      out.push_back(row.at("__commit") + " " + row.at("__operation") +
                    (id == row.end() ? "" : " " + id->second));
    }
    return out;
  }
  static std::string Said(int64_t commit, const std::string& operation, int64_t id) {
    return std::to_string(commit) + " " + operation + " " + TestId(id);
  }
  // The mirror as the log tells it.
  TestTable Replayed() {
    TestTable out;
    for (const LogRow& row : Log()) {
      const std::string& id = row.at("Id");
      if (row.at("__operation") == "delete") {
        EXPECT_EQ(out.erase(id), 1U);
        continue;
      }
      EXPECT_EQ(out.contains(id), row.at("__operation") == "update") << id;
      TestRow values;
      for (const char* name : {"Name", "Amount", "Stage", "Stamp"}) {
        const auto value = row.find(name);
        values[name] = value == row.end() ? std::nullopt : std::optional(value->second);
      }
      out[id] = values;
    }
    return out;
  }
};

TEST_F(ChangelogTest, AnInsertAnUpdateAndADeleteAreOneRowEach) {
  const auto merger = Open(On());
  Upsert(*merger, {{TestId(1), Row("one", 1)}, {TestId(2), Row("two", 2)}});
  Commit(*merger, {.source = {"cdc:/data/DealChangeEvent", "AAA7"}});
  Update(*merger, TestId(1), {{"Amount", "11"}, {"Stage", std::nullopt}});
  Delete(*merger, TestId(2));
  Commit(*merger, {.source = {"cdc:/data/DealChangeEvent", "AAA8"}});
  const LogRow from{{"__source", "cdc:/data/DealChangeEvent"}, {"__position", "AAA7"}};
  const auto with = [](LogRow row, const LogRow& more) {
    row.insert(more.begin(), more.end());
    return row;
  };
  LogRow later = from;
  later["__position"] = "AAA8";
  const LogRow one{
      {"Id", TestId(1)}, {"Name", "one"}, {"Amount", "1"}, {"Stage", "new"}, {"Stamp", "0"}};
  const LogRow two{
      {"Id", TestId(2)}, {"Name", "two"}, {"Amount", "2"}, {"Stage", "new"}, {"Stamp", "0"}};
  const std::vector<LogRow> wanted = {
      with(with({{"__operation", "insert"}, {"__commit", "1"}}, from), one),
      with(with({{"__operation", "insert"}, {"__commit", "1"}}, from), two),
      with({{"__operation", "update"},
            {"__commit", "2"},
            {"__changed", "[\"Amount\",\"Stage\"]"},
            {"__before", "{\"Amount\":1,\"Stage\":\"new\"}"},
            {"Id", TestId(1)},
            {"Name", "one"},
            {"Amount", "11"},
            {"Stamp", "0"}},
           later),
      with(with({{"__operation", "delete"}, {"__commit", "2"}}, later), two)};
  EXPECT_EQ(Log(), wanted);
}

TEST_F(ChangelogTest, ARowMergedAgainAsItStoodIsNoChange) {
  const auto merger = Open(On());
  Upsert(*merger, {{TestId(1), Row("one", 1)}, {TestId(2), Row("two", 2)}});
  Commit(*merger);
  Upsert(*merger, {{TestId(1), Row("one", 1)}, {TestId(2), Row("zwei", 2)}});
  Commit(*merger);
  Upsert(*merger, {{TestId(1), Row("one", 1)}});
  Commit(*merger);
  Update(*merger, TestId(1), {{"Amount", "5"}});
  Update(*merger, TestId(1), {{"Amount", "1"}});
  Commit(*merger);
  Delete(*merger, TestId(2));
  Commit(*merger);
  EXPECT_EQ(Operations(), (std::vector{Said(1, "insert", 1), Said(1, "insert", 2),
                                       Said(2, "update", 2), Said(3, "delete", 2)}));
}

TEST_F(ChangelogTest, ASoftDeleteAndItsUndoingAreToldAsWhatTheyAre) {
  MergeOptions options = On();
  options.deletes = MergeOptions::Deletes::kSoft;
  const auto merger = Open(options);
  Upsert(*merger, {{TestId(1), Row("one", 1)}});
  Commit(*merger);
  Delete(*merger, TestId(1));
  Commit(*merger);
  const std::vector<std::string> ids{TestId(1)};
  ASSERT_TRUE(merger->Undelete(ids, {}));
  Commit(*merger);
  EXPECT_EQ(Operations(),
            (std::vector{Said(1, "insert", 1), Said(2, "delete", 1), Said(3, "undelete", 1)}));
}

TEST_F(ChangelogTest, WhatWasCommittedAndNotYetToldIsToldOnceByWhoeverComesNext) {
  {
    const auto merger = Open(On());
    Upsert(*merger, {{TestId(1), Row("one", 1)}});
    Commit(*merger);
    catalog_->refused = log_;
    Upsert(*merger, {{TestId(1), Row("eins", 1)}, {TestId(2), Row("two", 2)}});
    Commit(*merger);
    EXPECT_EQ(Read().size(), 2U) << "the mirror does not wait for its log";
    EXPECT_EQ(Log().size(), 1U);
  }
  catalog_->refused.reset();
  const std::vector told{Said(1, "insert", 1), Said(2, "update", 1), Said(2, "insert", 2)};
  const auto next = OpenOther();
  EXPECT_EQ(Operations(), told);
  const auto third = Open();
  EXPECT_EQ(Operations(), told);
  Delete(*third, TestId(1));
  Commit(*third);
  EXPECT_EQ(Operations().back(), Said(3, "delete", 1));
}

TEST_F(ChangelogTest, AMergerThatCouldNotTellTellsBeforeItsNextCommit) {
  const auto merger = Open(On());
  catalog_->refused = log_;
  Upsert(*merger, {{TestId(1), Row("one", 1)}});
  Commit(*merger);
  Upsert(*merger, {{TestId(2), Row("two", 2)}});
  const auto refused = merger->Commit(call_, {});
  ASSERT_FALSE(refused) << "two commits untold at once would be one too many to remember";
  EXPECT_EQ(refused.error().code(), "TEST-003");
  EXPECT_EQ(Read().size(), 1U);
  catalog_->refused.reset();
  Commit(*merger);
  EXPECT_EQ(Operations(), (std::vector{Said(1, "insert", 1), Said(2, "insert", 2)}));
}

TEST_F(ChangelogTest, TwoMergersAtOnceTellEachChangeOnce) {
  const auto merger = Open(On());
  Upsert(*merger, {{TestId(1), Row("one", 1)}, {TestId(2), Row("two", 2)}});
  Commit(*merger);
  const auto other = OpenOther();
  Upsert(*merger, {{TestId(1), Row("ours", 1)}});
  Upsert(*other, {{TestId(1), Row("theirs", 1)}, {TestId(3), Row("theirs", 3)}});
  catalog_->before_swap = [&] { Commit(*other); };
  EXPECT_EQ(Commit(*merger).attempts, 2);
  EXPECT_EQ(Operations(),
            (std::vector{Said(1, "insert", 1), Said(1, "insert", 2), Said(2, "update", 1),
                         Said(2, "insert", 3), Said(3, "update", 1)}));
  EXPECT_EQ(Log().back().at("__before"), "{\"Name\":\"theirs\"}");
  EXPECT_EQ(Replayed(), Read());
}

TEST_F(ChangelogTest, ChangesThatNoMergeMadeAreAGapAndACompactionIsNone) {
  const auto merger = Open(On());
  Upsert(*merger, {{TestId(1), Row("one", 1)}});
  Commit(*merger);
  CompactByOthers();  // by replacing all rows, as a whole export does
  const int64_t foreign = Now().current_snapshot()->snapshot_id;
  Upsert(*merger, {{TestId(2), Row("two", 2)}});
  Commit(*merger);
  Upsert(*merger, {{TestId(3), Row("three", 3)}});
  Commit(*merger);
  EXPECT_EQ(Operations(), (std::vector<std::string>{Said(1, "insert", 1), "2 gap",
                                                    Said(2, "insert", 2), Said(3, "insert", 3)}));
  EXPECT_EQ(Log()[1].at("__source"), "snapshot:" + std::to_string(foreign));
  MaintainOptions options;
  options.compaction.files_min = 2;
  options.expire = false;
  ASSERT_TRUE(Maintain(call_, *others_, ident_, options));
  Delete(*merger, TestId(1));
  Commit(*merger);
  EXPECT_EQ(Operations().back(), Said(4, "delete", 1));
  EXPECT_EQ(Operations().size(), 5U);
}

TEST_F(ChangelogTest, AFileThatIsGoneBeforeItsRowsWereToldIsAGap) {
  {
    const auto merger = Open(On());
    catalog_->refused = log_;
    Upsert(*merger, {{TestId(1), Row("one", 1)}});
    Commit(*merger);
    catalog_->refused.reset();
  }
  for (const auto& file :
       std::filesystem::directory_iterator(folder_ + "/sales/Deal__changelog/data"))
    std::filesystem::remove(file.path());
  const auto next = OpenOther();
  EXPECT_EQ(Operations(), (std::vector<std::string>{"1 gap"}));
  EXPECT_EQ(Log()[0].at("__position"), "lost");
}

TEST_F(ChangelogTest, ALogFollowsTheMirrorsNewColumns) {
  const auto merger = Open(On());
  Upsert(*merger, {{TestId(1), Row("one", 1)}});
  Commit(*merger);
  record::Schema wider = Now().schema();
  record::Field added{6, "City", false, {}, ""};
  wider.fields.push_back(added);
  ASSERT_TRUE(others_->EvolveSchema(call_, ident_, wider, Now().shape()));
  ASSERT_TRUE(merger->Refresh(call_));
  TestRow row = Row("two", 2);
  row["City"] = "Bern";
  ASSERT_TRUE(merger->Upsert(
      Batch({"Id", "Name", "Amount", "Stage", "Stamp", "City"}, {{TestId(2), row}}, wider), {}));
  Commit(*merger);
  const auto log = Log();
  ASSERT_EQ(log.size(), 2U);
  EXPECT_EQ(log[1].at("City"), "Bern");
  EXPECT_FALSE(log[0].contains("City"));
}

TEST_F(ChangelogTest, SwitchedOffNothingIsToldAndSwitchedOnAgainThatIsSaid) {
  {
    const auto merger = Open(On());
    Upsert(*merger, {{TestId(1), Row("one", 1)}});
    Commit(*merger);
  }
  {
    MergeOptions off;
    off.changelog = MergeOptions::Changelog::kOff;
    const auto merger = Open(off);
    Upsert(*merger, {{TestId(2), Row("two", 2)}});
    Commit(*merger);
  }
  const auto merger = Open(On());
  Upsert(*merger, {{TestId(3), Row("three", 3)}});
  Commit(*merger);
  EXPECT_EQ(Operations(),
            (std::vector<std::string>{Said(1, "insert", 1), "2 gap", Said(2, "insert", 3)}));
}

TEST_F(ChangelogTest, AnErasedRecordIsErasedFromTheLogAndIsNoGap) {
  const auto merger = Open(On());
  Upsert(*merger, {{TestId(1), Row("one", 1)}, {TestId(2), Row("two", 2)}});
  Commit(*merger);
  ASSERT_TRUE(EraseKey(call_, *others_, ident_, "Id", TestId(1)));
  ASSERT_TRUE(EraseKey(call_, *others_, log_, "Id", TestId(1)));
  Upsert(*merger, {{TestId(3), Row("three", 3)}});
  Commit(*merger);
  EXPECT_EQ(Operations(), (std::vector{Said(1, "insert", 2), Said(2, "insert", 3)}));
}

TEST_F(ChangelogTest, ReplayedALogOfRandomChangesIsTheMirror) {
  std::mt19937 random(7);
  const auto below = [&](uint32_t bound) { return random() % bound; };
  auto merger = Open(On());
  bool untold = false;
  for (int turn = 0; turn < 40; ++turn) {
    const TestTable now = Read();
    for (uint32_t change = below(6); change-- > 0;) {
      const int64_t key = below(12);
      const std::string id = TestId(key);
      switch (below(3)) {
        case 0:
          Delete(*merger, id);
          break;
        case 1:
          if (now.contains(id)) {
            UpdateOptions options;
            options.unknown = UpdateOptions::Unknown::kSkip;
            Update(*merger, id, {{"Amount", std::to_string(below(3))}}, options);
          }
          break;
        default:
          Upsert(*merger, {{id, Row("n" + std::to_string(below(2)), below(3))}});
      }
    }
    untold = !untold && below(3) == 0;
    if (untold) catalog_->refused = log_;
    Commit(*merger);
    catalog_->refused.reset();
    if (below(5) == 0) merger = Open();
  }
  merger = Open();
  EXPECT_EQ(Replayed(), Read());
}

}  // namespace
}  // namespace firn::lake
