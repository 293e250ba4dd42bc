// What could go wrong in production: some order of changes, commits, restarts, compactions and
// other writers that nobody thought of loses a row or doubles it. Random histories are held against
// a map. FIRN_SEED=n runs one again.
#include <cstdlib>
#include <random>

#include "ends/lake/merge/test_desk.h"

namespace firn::lake {
namespace {

constexpr int kKeys = 60;
constexpr int kCommits = 25;

class MergeModelTest : public MergeDesk {
 protected:
  struct Op {
    enum class Kind { kWhole, kPartial, kDelete };
    Kind kind = Kind::kWhole;
    std::string id;
    TestRow row;
  };

  int Below(int bound) { return static_cast<int>(random_() % static_cast<unsigned>(bound)); }

  static void Apply(const Op& op, TestTable& table) {
    if (op.kind == Op::Kind::kDelete) table.erase(op.id);
    if (op.kind == Op::Kind::kWhole) table[op.id] = op.row;
    if (op.kind == Op::Kind::kPartial) {
      for (const auto& [name, value] : op.row) table.at(op.id)[name] = value;
    }
  }

  std::optional<std::string> Value(const std::string& column) {
    if (Below(6) == 0) return {};
    const int number = Below(1'000'000);
    return column == "Name" || column == "Stage" ? "t" + std::to_string(number)
                                                 : std::to_string(number);
  }

  // A change that makes sense on `table`; `keep`: rows that exist stay.
  Op Next(const TestTable& table, bool keep) {
    static const std::vector<std::string> columns{"Name", "Amount", "Stage", "Stamp"};
    Op op;
    op.id = TestId(Below(kKeys));
    const bool there = table.contains(op.id);
    const int dice = Below(10);
    if (there && dice < 4) {
      op.kind = Op::Kind::kPartial;
      for (const std::string& column : columns) {
        if (Below(2) == 0) op.row[column] = Value(column);
      }
    } else if (!keep && dice < 6) {
      op.kind = Op::Kind::kDelete;
    } else {
      for (const std::string& column : columns) op.row[column] = Value(column);
    }
    return op;
  }

  std::vector<Op> Feed(Merger& merger, TestTable table, bool keep) {
    std::vector<Op> ops;
    for (int count = Below(40); count > 0; --count) {
      ops.push_back(Next(table, keep));
      const Op& op = ops.back();
      Apply(op, table);
      if (op.kind == Op::Kind::kWhole) Upsert(merger, {{op.id, op.row}});
      if (op.kind == Op::Kind::kPartial) Update(merger, op.id, op.row);
      if (op.kind == Op::Kind::kDelete) Delete(merger, op.id);
    }
    return ops;
  }

  MergeOptions SomeOptions() {
    MergeOptions options;
    options.fold = Below(3) != 0;
    options.fold_rows_max = Below(2) == 0 ? 10 : 1 << 20;
    options.row_cache_bytes = Below(2) == 0 ? 0 : 1 << 20;
    return options;
  }

  void RunHistory() {
    TestTable model;
    auto merger = Open(SomeOptions());
    auto other = OpenOther();
    for (int round = 0; round < kCommits; ++round) {
      SCOPED_TRACE("commit " + std::to_string(round));
      const int event = Below(8);
      if (event == 0) CompactByOthers();
      if (event == 1) {
        if (Below(2) == 0) {
          ASSERT_TRUE(merger->SaveIndex(call_));
        }
        merger = Open(SomeOptions());
      }
      // What another process does comes before ours, also when it meets ours half-way: then ours
      // was fed without knowing of it.
      std::vector<Op> theirs;
      if (event == 2 || event == 3) {
        ASSERT_TRUE(other->Refresh(call_));
        theirs = Feed(*other, model, /*keep=*/true);
      }
      if (event == 2) {
        Commit(*other);
        ASSERT_TRUE(merger->Refresh(call_));
      }
      if (event == 3) catalog_->before_swap = [&other, this] { Commit(*other); };
      if (event == 4) catalog_->before_swap = [this] { CompactByOthers(); };
      const auto ours = Feed(*merger, model, /*keep=*/false);
      for (const Op& op : theirs) Apply(op, model);
      for (const Op& op : ours) Apply(op, model);
      catalog_->answers_passed = event == 5 ? 0 : -1;
      Commit(*merger, {.checkpoints = {{"model", std::to_string(round)}}});
      catalog_->answers_passed = -1;
      ASSERT_EQ(Read(), model);
      ASSERT_EQ(merger->state().rows, std::ssize(model));
      ASSERT_EQ(CheckpointOf(Now(), "model"), std::to_string(round));
    }
  }

  std::mt19937 random_;
};

TEST_F(MergeModelTest, RandomHistoriesEndAsTheMapSays) {
  const char* given = std::getenv("FIRN_SEED");
  for (unsigned seed = given != nullptr ? static_cast<unsigned>(std::stoul(given)) : 1;; ++seed) {
    SCOPED_TRACE("FIRN_SEED=" + std::to_string(seed));
    random_.seed(seed);
    RunHistory();
    if (HasFailure() || given != nullptr || seed == 8) return;
    ASSERT_TRUE(lake_->Drop(ident_));
    ASSERT_TRUE(lake_->Create(call_, ident_, TestSchema(), {}));
  }
}

}  // namespace
}  // namespace firn::lake
