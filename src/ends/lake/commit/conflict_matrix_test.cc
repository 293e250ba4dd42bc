// What could go wrong in production: one of two writers loses its rows because a combination of
// operations was thought to be harmless. Every operation against every foreign one; the foreign
// one, from a connection and a memory of its own, is committed after ours was worked out.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "ends/lake/commit/row_delta.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/maintain/expiry.h"
#include "ends/lake/table_test_desk.h"

namespace firn::lake {
namespace {

enum class Op { kAppend, kOverwrite, kRowDelta, kRewrite, kManifests, kExpire, kSchema, kProperty };
constexpr Op kOps[] = {Op::kAppend,    Op::kOverwrite, Op::kRowDelta, Op::kRewrite,
                       Op::kManifests, Op::kExpire,    Op::kSchema,   Op::kProperty};

const char* NameOf(Op op) {
  constexpr const char* kNames[] = {"Append",    "Overwrite", "RowDelta", "Rewrite",
                                    "Manifests", "Expire",    "Schema",   "Property"};
  return kNames[static_cast<size_t>(op)];
}

// The code that refuses `mine` on top of `foreign`; empty: both take effect.
std::string Refusal(Op mine, Op foreign) {
  static const std::map<Op, std::pair<std::string, std::set<Op>>> kRefused = {
      {Op::kOverwrite, {"LAKE-COMMIT-003", {Op::kAppend, Op::kOverwrite}}},
      {Op::kRowDelta, {"LAKE-COMMIT-006", {Op::kOverwrite, Op::kRowDelta, Op::kRewrite}}},
      {Op::kRewrite, {"LAKE-COMMIT-006", {Op::kOverwrite, Op::kRowDelta, Op::kRewrite}}},
      {Op::kSchema, {"LAKE-COMMIT-007", {Op::kSchema}}}};
  const auto found = kRefused.find(mine);
  if (found == kRefused.end() || !found->second.second.contains(foreign)) return "";
  return found->second.first;
}

using Cell = std::pair<Op, Op>;

class ConflictMatrix : public TableDesk, public testing::WithParamInterface<Cell> {
 protected:
  ConflictMatrix() { Import({"5"}); }

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
        return PreparedDelta(op, who, base);
      case Op::kManifests:
        return [this](Lake& lake) { return lake.RewriteManifests(call_, ident_); };
      case Op::kExpire:
        return [this](Lake& lake) {
          ExpiryRules rules;
          rules.snapshots_max = 1;
          return lake.ExpireSnapshots(call_, ident_, rules);
        };
      case Op::kSchema: {
        record::Schema schema = base.schema();
        schema.fields.push_back({base.last_column_id() + 1, who, false, {}, ""});
        return [=, this](Lake& lake) {
          return lake.EvolveSchema(call_, ident_, schema, base.shape());
        };
      }
      case Op::kProperty:
        break;
    }
    return
        [=, this](Lake& lake) { return lake.SetProperties(call_, ident_, {{"by." + who, "1"}}); };
  }

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
    if (op == Op::kRowDelta) std::erase(out, mine ? '1' : '2');
    return out;
  }
};

TEST_P(ConflictMatrix, BothTakeEffectOrTheSecondIsRefused) {
  const auto [mine, foreign] = GetParam();
  const auto commit_mine = Prepared(mine, "mine");
  const auto commit_foreign = Prepared(foreign, "theirs");
  const auto other = *Lake::Open({.warehouse = folder_ + "/warehouse"});
  const auto theirs = commit_foreign(*other);
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
}

std::vector<Cell> AllCells() {
  std::vector<Cell> cells;
  for (const Op mine : kOps) {
    for (const Op foreign : kOps) cells.emplace_back(mine, foreign);
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
