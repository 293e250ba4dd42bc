// What could go wrong in production: one of two writers loses its rows because a combination of
// operations was thought to be harmless. Every operation against every foreign one; the foreign
// one, from a connection and a memory of its own, is committed after ours was worked out.
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "core/record/arrow_schema.h"
#include "ends/lake/commit/row_delta.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/maintain/compaction.h"
#include "ends/lake/maintain/expiry.h"
#include "ends/lake/merge/merge.h"
#include "ends/lake/table_test_desk.h"

namespace firn::lake {
namespace {

enum class Op {
  kAppend,
  kOverwrite,
  kRowDelta,
  kRewrite,
  kMerge,    // works itself out again on what others did
  kCompact,  // likewise
  kManifests,
  kExpire,
  kSchema,
  kSpec,
  kOrder,
  kProperty,
  kTag,
  kBranch,
  kByValue  // equality deletes, which only others write
};
constexpr int kOps = 15;

const char* NameOf(Op op) {
  constexpr const char* kNames[] = {"Append",  "Overwrite", "RowDelta", "Rewrite", "Merge",
                                    "Compact", "Manifests", "Expire",   "Schema",  "Spec",
                                    "Order",   "Property",  "Tag",      "Branch",  "ByValue"};
  static_assert(std::size(kNames) == kOps);
  return kNames[static_cast<size_t>(op)];
}

// The code that refuses `mine` on top of `foreign`; empty: both take effect.
std::string Refusal(Op mine, Op foreign) {
  const std::set<Op> rows = {Op::kOverwrite, Op::kRowDelta, Op::kRewrite,
                             Op::kMerge,     Op::kCompact,  Op::kByValue};
  const std::set<Op> shapes = {Op::kSchema, Op::kSpec, Op::kOrder};
  const std::map<Op, std::pair<std::string, std::set<Op>>> kRefused = {
      {Op::kOverwrite, {"LAKE-COMMIT-003", {Op::kAppend, Op::kOverwrite}}},
      {Op::kRowDelta, {"LAKE-COMMIT-006", rows}},
      {Op::kRewrite, {"LAKE-COMMIT-006", rows}},
      {Op::kSchema, {"LAKE-COMMIT-007", shapes}},
      {Op::kSpec, {"LAKE-COMMIT-007", shapes}},
      {Op::kOrder, {"LAKE-COMMIT-007", shapes}}};
  const auto found = kRefused.find(mine);
  if (found == kRefused.end() || !found->second.second.contains(foreign)) return "";
  return found->second.first;
}

using Cell = std::pair<Op, Op>;

class ConflictMatrixRows : public TableDesk {
 protected:
  ConflictMatrixRows() : other_(*Lake::Open({.warehouse = folder_ + "/warehouse"})) {
    Import({"5"});
  }

  // Data files that are written and belong to no table yet: copies under names of their own.
  DataFile Fresh(const std::string& ids, const std::string& name) {
    TableIdent other{"sales", "Other" + name};
    std::swap(ident_, other);
    std::vector<std::string> rows;
    for (const char id : ids) rows.emplace_back(1, id);
    Import(rows);
    const auto files = Now().Files(call_);
    std::swap(ident_, other);
    return files->front();
  }

  // Works `op` out on the state there is; the answer commits it.
  std::function<Result<Table>(Lake&)> Prepared(Op op, const std::string& who) {
    const Table base = Now();
    const int64_t since = base.current_snapshot()->snapshot_id;
    switch (op) {
      case Op::kAppend: {
        const DataFile file = Fresh(who == "mine" ? "6" : "8", who);
        return [=, this](Lake& lake) { return lake.Append(call_, ident_, {file}, {}); };
      }
      case Op::kOverwrite: {
        const DataFile file = Fresh(who == "mine" ? "7" : "9", who);
        CommitOptions options;
        options.since_snapshot = since;
        return [=, this](Lake& lake) {
          return lake.ReplaceAll(call_, ident_, {file}, nullptr, options);
        };
      }
      case Op::kRowDelta:
      case Op::kRewrite:
      case Op::kByValue:
        return PreparedDelta(op, who, base);
      case Op::kMerge:
        return PreparedMerge(who);
      case Op::kCompact:
        return PreparedCompaction(base);
      case Op::kManifests:
        return [this](Lake& lake) { return lake.RewriteManifests(call_, ident_); };
      case Op::kExpire:
        return [this](Lake& lake) {
          ExpiryRules rules;
          rules.snapshots_max = 1;
          return lake.ExpireSnapshots(call_, ident_, rules);
        };
      case Op::kBranch: {
        const DataFile file = Fresh("0", who);
        CommitOptions options;
        options.branch = "branch-of-" + who;
        return [=, this](Lake& lake) { return lake.Append(call_, ident_, {file}, options); };
      }
      default:
        return PreparedShape(op, who, base);
    }
  }

  std::function<Result<Table>(Lake&)> PreparedShape(Op op, const std::string& who,
                                                    const Table& base) {
    return [=, this](Lake& lake) {
      switch (op) {
        case Op::kSchema: {
          record::Schema schema = base.schema();
          schema.fields.push_back({base.last_column_id() + 1, who, false, {}, ""});
          return lake.EvolveSchema(call_, ident_, schema, base.shape());
        }
        case Op::kSpec:
          return lake.EvolveSpec(call_, ident_,
                                 {{1, 0, who, who == "mine" ? "bucket[2]" : "bucket[3]"}},
                                 base.shape());
        case Op::kOrder:
          return lake.EvolveSortOrder(
              call_, ident_, {{1, "identity", who == "mine" ? "asc" : "desc", "nulls-first"}},
              base.shape());
        case Op::kTag:
          return lake.SetRef(call_, ident_, "tag-of-" + who, RefOptions());
        default:
          return lake.SetProperties(call_, ident_, {{"by." + who, "1"}});
      }
    };
  }

  // Mine takes out row 1 and puts in row 0; theirs takes out row 2.
  std::function<Result<Table>(Lake&)> PreparedMerge(const std::string& who) {
    const bool mine = who == "mine";
    std::shared_ptr<Merger> merger =
        Merger::Open(call_, mine ? *lake_ : *other_, {.table = ident_}).value();
    const std::vector<std::string> gone{IdOf(mine ? '1' : '2')};
    EXPECT_TRUE(merger->Delete(gone, {}));
    if (mine) {
      arrow::StringBuilder ids;
      EXPECT_TRUE(ids.Append(IdOf('0')).ok());
      const auto field = record::ArrowSchema(Now().schema())->field(0);
      EXPECT_TRUE(
          merger->Upsert(arrow::RecordBatch::Make(arrow::schema({field}), 1, {*ids.Finish()}), {}));
    }
    return [=, this](Lake& lake) -> Result<Table> {
      FIRN_CHECK(merger->Commit(call_, {}));
      return lake.Load(ident_);
    };
  }

  std::function<Result<Table>(Lake&)> PreparedCompaction(const Table& base) {
    CompactOptions options;
    options.rewrite_all = true;
    const auto groups = PlanCompaction(call_, base, options);
    EXPECT_TRUE(groups && groups->size() == 1);
    return [=, this, group = groups->front()](Lake& lake) -> Result<Table> {
      CompactReport report;
      FIRN_CHECK(Compact(call_, lake, base, group, options, report));
      return lake.Load(ident_);
    };
  }

  static std::string IdOf(char id) { return std::string("a0100000000000") + id + "AAA"; }

  std::function<Result<Table>(Lake&)> PreparedDelta(Op op, const std::string& who,
                                                    const Table& base) {
    RowDeltaOptions options = Since(base);
    RowDelta delta;
    const auto files = LiveFiles(call_, base);
    const auto four = std::find_if(files->begin(), files->end(), [](const LiveFile& live) {
      return live.file.record_count == 4;
    });
    EXPECT_NE(four, files->end());
    if (op == Op::kRowDelta) {
      std::vector<RowsOut> rows{{*four, {who == "mine" ? 0 : 1}}};
      EXPECT_TRUE(TakeRowsOut(call_, base, rows, delta));
    } else if (op == Op::kByValue) {
      DataFile keys = Fresh("3", who);
      keys.content = DataFile::Content::kEqualityDeletes;
      keys.equality_ids = {1};
      delta.added_deletes = {keys};
    } else {
      options.rewrite = true;
      delta.added_rows = {Fresh("1234", who)};
      delta.removed_rows = {four->file};
    }
    return [=, this](Lake& lake) { return lake.CommitRowDelta(call_, ident_, delta, options); };
  }

  static std::string After(const std::string& ids, Op op, bool mine) {
    if (op == Op::kAppend) return ids + (mine ? "6" : "8");
    if (op == Op::kOverwrite) return mine ? "7" : "9";
    std::string out = ids;
    if (op == Op::kRowDelta || op == Op::kMerge) std::erase(out, mine ? '1' : '2');
    if (op == Op::kMerge && mine) out += '0';
    if (op == Op::kByValue) std::erase(out, '3');
    return out;
  }

  std::unique_ptr<Lake> other_;
};

class ConflictMatrix : public ConflictMatrixRows, public testing::WithParamInterface<Cell> {};

TEST_P(ConflictMatrix, BothTakeEffectOrTheSecondIsRefused) {
  const auto [mine, foreign] = GetParam();
  const auto commit_mine = Prepared(mine, "mine");
  const auto commit_foreign = Prepared(foreign, "theirs");
  const auto theirs = commit_foreign(*other_);
  ASSERT_TRUE(theirs) << theirs.error().OneLine();

  const auto table = commit_mine(*lake_);
  const std::string refusal = Refusal(mine, foreign);
  std::string expected = After("12345", foreign, false);
  if (refusal.empty()) {
    ASSERT_TRUE(table) << table.error().OneLine();
    expected = After(expected, mine, true);
    std::sort(expected.begin(), expected.end());
  } else {
    ASSERT_FALSE(table);
    EXPECT_EQ(table.error().code(), refusal) << table.error().OneLine();
  }
  EXPECT_EQ(Ids(), expected);
  // The foreign change is never undone.
  EXPECT_EQ(Now().properties().contains("by.theirs"), foreign == Op::kProperty);
  if (foreign == Op::kSchema) {
    EXPECT_NE(Now().schema().Find("theirs"), nullptr);
  }
  const TableMetadata& metadata = Now().metadata();
  const bool by_mine = mine == Op::kSpec && refusal.empty();
  EXPECT_EQ(metadata.default_spec().unpartitioned(), foreign != Op::kSpec && !by_mine);
  EXPECT_EQ(metadata.refs.contains("tag-of-theirs"), foreign == Op::kTag);
  EXPECT_EQ(metadata.refs.contains("branch-of-theirs"), foreign == Op::kBranch);
}

// A replace is worked out on a state; when that is gone from the history, and what others added
// after it too, nobody can say that no row of theirs is thrown away.
TEST_F(ConflictMatrixRows, AReplaceWhoseBeginningIsForgottenIsRefused) {
  const auto replace = Prepared(Op::kOverwrite, "mine");
  ASSERT_TRUE(Prepared(Op::kAppend, "theirs")(*other_));
  ASSERT_TRUE(Prepared(Op::kManifests, "theirs")(*other_));
  ASSERT_TRUE(Prepared(Op::kExpire, "theirs")(*other_));
  const auto table = replace(*lake_);
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().code(), "LAKE-COMMIT-003") << table.error().OneLine();
  EXPECT_EQ(Ids(), "123458");
}

std::vector<Cell> AllCells() {
  std::vector<Cell> cells;
  for (int mine = 0; mine < kOps; ++mine) {
    for (int foreign = 0; foreign < kOps; ++foreign) {
      if (static_cast<Op>(mine) != Op::kByValue)
        cells.emplace_back(static_cast<Op>(mine), static_cast<Op>(foreign));
    }
  }
  return cells;
}

INSTANTIATE_TEST_SUITE_P(All, ConflictMatrix, testing::ValuesIn(AllCells()),
                         [](const testing::TestParamInfo<Cell>& cell) {
                           return std::string(NameOf(cell.param.first)) + "On" +
                                  NameOf(cell.param.second);
                         });

}  // namespace
}  // namespace firn::lake
