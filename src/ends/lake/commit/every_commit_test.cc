// What could go wrong in production: the catalog's answer is lost after it committed and the commit
// is done twice, or the clock is set back and the history is out of order. For every kind of commit
// there is.
#include <gtest/gtest.h>

#include "ends/lake/commit/delete_files.h"
#include "ends/lake/commit/row_delta.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/maintain/erase.h"
#include "ends/lake/maintain/expiry.h"
#include "ends/lake/maintain/maintenance.h"
#include "ends/lake/merge/test_desk.h"

namespace firn::lake {
namespace {

enum class Kind {
  kAppend,
  kReplaceAll,
  kMerge,
  kDelete,
  kCompact,
  kManifests,
  kExpire,
  kSchema,
  kSpec,
  kOrder,
  kProperty,
  kRef,
  kUpgrade,
  kBranch,
  kErase,
  kReplaceSchema
};
constexpr const char* kNames[] = {"Append",  "ReplaceAll", "Merge",    "Delete",
                                  "Compact", "Manifests",  "Expire",   "Schema",
                                  "Spec",    "Order",      "Property", "Ref",
                                  "Upgrade", "Branch",     "Erase",    "ReplaceSchema"};

class EveryCommit : public MergeDesk, public testing::WithParamInterface<int> {
 protected:
  EveryCommit() {
    const auto merger = Open({.fold = false});
    for (int i = 1; i <= 4; ++i) {
      Upsert(*merger, {{TestId(i), Row("row", i)}});
      Commit(*merger);
    }
  }

  // Files of rows that are in no table yet.
  DataFile Fresh() {
    const TableIdent other{"sales", "Other"};
    EXPECT_TRUE(others_->Create(call_, other, TestSchema(), {}));
    auto merger = Merger::Open(call_, *others_, {.table = other});
    EXPECT_TRUE((*merger)->Upsert(Whole({{TestId(9), Row("fresh", 9)}}), {}));
    EXPECT_TRUE((*merger)->Commit(call_, {}));
    return others_->Load(other)->Files(call_)->front();
  }

  Result<Table> DeleteFirst(const Table& now) {
    auto files = LiveFiles(call_, now);
    EXPECT_TRUE(files && !files->empty());
    std::vector<RowsOut> rows{{files->front(), {0}}};
    RowDelta delta;
    EXPECT_TRUE(TakeRowsOut(call_, now, rows, delta));
    RowDeltaOptions options;
    options.commit.since_snapshot = now.current_snapshot()->snapshot_id;
    return lake_->CommitRowDelta(call_, ident_, delta, options);
  }

  Result<void> CompactAll() {
    MaintainOptions options;
    options.compaction.files_min = 2;
    options.expire = options.orphans = options.manifests = false;
    auto done = Maintain(call_, *lake_, ident_, options);
    return done ? Result<void>() : Fail(std::move(done).error());
  }

  Result<void> MergeOne() {
    const auto merger = Open();
    Upsert(*merger, {{TestId(1), Row("merged", 1)}});
    auto done = merger->Commit(call_, {});
    return done ? Result<void>() : Fail(std::move(done).error());
  }

  Result<Table> ChangeShape(Kind kind, const Table& now) {
    if (kind == Kind::kSpec)
      return lake_->EvolveSpec(call_, ident_, {{1, 0, "Id_bucket", "bucket[4]"}}, now.shape());
    if (kind == Kind::kOrder)
      return lake_->EvolveSortOrder(call_, ident_, {{1, "identity", "asc", "nulls-first"}},
                                    now.shape());
    record::Schema schema = now.schema();
    schema.fields.push_back({now.last_column_id() + 1, "Added", false, {}, ""});
    return lake_->EvolveSchema(call_, ident_, schema, now.shape());
  }

  Result<Table> CommitTable(Kind kind) {
    const Table now = Now();
    switch (kind) {
      case Kind::kAppend:
        return lake_->Append(call_, ident_, {fresh_}, {});
      case Kind::kReplaceAll:
        return lake_->ReplaceAll(call_, ident_, {fresh_}, nullptr, {});
      case Kind::kDelete:
        return DeleteFirst(now);
      case Kind::kManifests:
        return lake_->RewriteManifests(call_, ident_);
      case Kind::kExpire: {
        ExpiryRules rules;
        rules.snapshots_max = 1;
        return lake_->ExpireSnapshots(call_, ident_, rules);
      }
      case Kind::kReplaceSchema: {
        record::Schema schema = now.schema();
        schema.fields.push_back({now.last_column_id() + 1, "Added", false, {}, ""});
        return lake_->ReplaceAll(call_, ident_, {fresh_}, &schema, {});
      }
      case Kind::kBranch: {
        CommitOptions options;
        options.branch = "side";
        return lake_->Append(call_, ident_, {fresh_}, options);
      }
      case Kind::kProperty:
        return lake_->SetProperties(call_, ident_, {{"a", "1"}});
      case Kind::kUpgrade:
        return lake_->SetProperties(call_, ident_, {{"format-version", "3"}});
      case Kind::kRef:
        return lake_->SetRef(call_, ident_, "tag", RefOptions());
      default:
        return ChangeShape(kind, now);
    }
  }
  Result<void> Do(Kind kind) {
    if (kind == Kind::kCompact) return CompactAll();
    if (kind == Kind::kMerge) return MergeOne();
    if (kind == Kind::kErase) {
      auto erased = EraseKey(call_, *lake_, ident_, "Id", TestId(4));
      return erased ? Result<void>() : Fail(std::move(erased).error());
    }
    auto done = CommitTable(kind);
    return done ? Result<void>() : Fail(std::move(done).error());
  }

  static std::string Keys(const TestTable& rows) {
    std::string out;
    for (const auto& [id, row] : rows) out += id.substr(14, 1);
    return out;
  }
  static std::string Wanted(Kind kind) {
    if (kind == Kind::kAppend) return "12349";
    if (kind == Kind::kReplaceAll || kind == Kind::kReplaceSchema) return "9";
    if (kind == Kind::kErase) return "123";
    return "1234";
  }

  void ExpectDone(Kind kind) {
    const TestTable rows = Read();
    if (kind == Kind::kDelete) {
      EXPECT_EQ(rows.size(), 3U);
    } else {
      EXPECT_EQ(Keys(rows), Wanted(kind));
    }
    if (kind == Kind::kMerge) {
      EXPECT_EQ(rows.at(TestId(1)), Row("merged", 1));
    }
    const TableMetadata& metadata = Now().metadata();
    EXPECT_EQ(metadata.format_version, kind == Kind::kUpgrade ? 3 : 2);
    EXPECT_EQ(metadata.refs.contains("side"), kind == Kind::kBranch);
  }
  // An erasure sets the table's own rules of history aside, and puts them back.
  static int Commits(Kind kind) { return kind == Kind::kErase ? 3 : 1; }

  // The number that a metadata file's name begins with.
  int Version() {
    const std::string location = Now().metadata_location();
    return std::stoi(location.substr(location.rfind('/') + 1));
  }

  DataFile fresh_ = Fresh();
};

TEST_P(EveryCommit, WhoseAnswerIsLostIsDoneOnce) {
  const auto kind = static_cast<Kind>(GetParam());
  const int before = Version();
  catalog_->lose_next_answer = true;
  const auto done = Do(kind);
  ASSERT_TRUE(done) << done.error().OneLine();
  EXPECT_FALSE(catalog_->lose_next_answer);
  EXPECT_EQ(Version(), before + Commits(kind));
  ExpectDone(kind);
}

TEST_P(EveryCommit, OfAClockThatWasSetBackComesAfterTheOthers) {
  const auto kind = static_cast<Kind>(GetParam());
  ManualClock late(UtcMicros(std::chrono::hours(600'000)));
  ManualClock early(UtcMicros(std::chrono::hours(499'000)));
  call_.clock = &late;
  ASSERT_TRUE(lake_->SetProperties(call_, ident_, {{"late", "1"}}));
  const int64_t updated = Now().metadata().last_updated_ms;
  call_.clock = &early;
  const auto done = Do(kind);
  ASSERT_TRUE(done) << done.error().OneLine();
  EXPECT_GE(Now().metadata().last_updated_ms, updated);
  const auto history = Now().history();
  for (size_t i = 1; i < history.size(); ++i)
    EXPECT_GE(history[i].timestamp_ms, history[i - 1].timestamp_ms);
  const auto& log = Now().metadata().metadata_log;
  for (size_t i = 1; i < log.size(); ++i) EXPECT_GE(log[i].timestamp_ms, log[i - 1].timestamp_ms);
  ExpectDone(kind);
}

INSTANTIATE_TEST_SUITE_P(All, EveryCommit, testing::Range(0, static_cast<int>(std::size(kNames))),
                         [](const testing::TestParamInfo<int>& kind) {
                           return std::string(kNames[kind.param]);
                         });

}  // namespace
}  // namespace firn::lake
