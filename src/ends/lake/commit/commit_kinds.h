// Every kind of commit there is, for tests: each is worked out on a table of the rows 1 2 3 4 and 5
// in two files, and committed later.
#pragma once

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/record/arrow_schema.h"
#include "ends/lake/commit/row_delta.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/maintain/compaction.h"
#include "ends/lake/maintain/erase.h"
#include "ends/lake/maintain/expiry.h"
#include "ends/lake/merge/merge.h"
#include "ends/lake/table_test_desk.h"

namespace firn::lake {

enum class CommitKind {
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
  kByValue,  // equality deletes, which only others write
  kReplaceSchema,
  kUpgrade,
  kUntag,
  kBranchMoved,
  kRollback,
  kErase
};
inline constexpr const char* kCommitKinds[] = {
    "Append",  "Overwrite",     "RowDelta", "Rewrite", "Merge",       "Compact",  "Manifests",
    "Expire",  "Schema",        "Spec",     "Order",   "Property",    "Tag",      "Branch",
    "ByValue", "ReplaceSchema", "Upgrade",  "Untag",   "BranchMoved", "Rollback", "Erase"};
static_assert(std::size(kCommitKinds) == static_cast<size_t>(CommitKind::kErase) + 1);
// Those before it are held against each other; the others change what these change too.
inline constexpr int kMatrixKinds = static_cast<int>(CommitKind::kReplaceSchema);

inline const char* NameOf(CommitKind kind) { return kCommitKinds[static_cast<size_t>(kind)]; }

class CommitDesk : public TableDesk {
 protected:
  using Commit = std::function<Result<Table>(Lake&)>;

  CommitDesk() : other_(*Lake::Open({.warehouse = folder_ + "/warehouse"})) {
    if (!IsChild()) Import({"5"});
  }

  // Works `kind` out on the state there is; the answer commits it.
  Commit Prepared(CommitKind kind, const std::string& who) {
    const Table base = Now();
    switch (kind) {
      case CommitKind::kAppend: {
        const DataFile file = Fresh(who == "mine" ? "6" : "8", who);
        return [=, this](Lake& lake) { return lake.Append(call_, ident_, {file}, {}); };
      }
      case CommitKind::kBranch: {
        CommitOptions options;
        options.branch = "branch-of-" + who;
        const DataFile file = Fresh("0", who);
        return [=, this](Lake& lake) { return lake.Append(call_, ident_, {file}, options); };
      }
      case CommitKind::kOverwrite:
      case CommitKind::kReplaceSchema:
        return PreparedOverwrite(kind, who, base);
      case CommitKind::kRowDelta:
      case CommitKind::kRewrite:
      case CommitKind::kByValue:
        return PreparedDelta(kind, who, base);
      case CommitKind::kMerge:
        return PreparedMerge(who);
      case CommitKind::kCompact:
        return PreparedCompaction(base);
      case CommitKind::kManifests:
      case CommitKind::kExpire:
      case CommitKind::kErase:
        return PreparedMaintenance(kind);
      case CommitKind::kTag:
      case CommitKind::kUntag:
      case CommitKind::kBranchMoved:
      case CommitKind::kRollback:
        return PreparedRef(kind, who, base);
      default:
        return PreparedShape(kind, who, base);
    }
  }

  // Rows that are left when `kind` was committed, one character each.
  static std::string After(std::string ids, CommitKind kind, bool mine) {
    switch (kind) {
      case CommitKind::kAppend:
        ids += mine ? "6" : "8";
        break;
      case CommitKind::kOverwrite:
      case CommitKind::kReplaceSchema:
        return mine ? "7" : "9";
      case CommitKind::kMerge:
        if (mine) ids += "0";
        [[fallthrough]];
      case CommitKind::kRowDelta:
        std::erase(ids, mine ? '1' : '2');
        break;
      case CommitKind::kByValue:
        std::erase(ids, '3');
        break;
      case CommitKind::kErase:
        std::erase(ids, '4');
        break;
      case CommitKind::kRollback:
        std::erase(ids, '5');
        break;
      default:
        break;
    }
    std::sort(ids.begin(), ids.end());
    return ids;
  }

  static std::string IdOf(char id) { return std::string("a0100000000000") + id + "AAA"; }

  std::unique_ptr<Lake> other_;  // another connection, with a memory of its own

 private:
  // Data files that are written and belong to no table yet: those of a table of their own.
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

  Commit PreparedOverwrite(CommitKind kind, const std::string& who, const Table& base) {
    const DataFile file = Fresh(who == "mine" ? "7" : "9", who);
    CommitOptions options;
    options.since_snapshot = base.current_snapshot()->snapshot_id;
    record::Schema schema = base.schema();
    schema.fields.push_back({base.last_column_id() + 1, who, false, {}, ""});
    const bool shaped = kind == CommitKind::kReplaceSchema;
    return [=, this](Lake& lake) {
      return lake.ReplaceAll(call_, ident_, {file}, shaped ? &schema : nullptr, options);
    };
  }

  // Mine takes out row 1, theirs row 2; a rewrite puts the same rows into another file.
  Commit PreparedDelta(CommitKind kind, const std::string& who, const Table& base) {
    RowDeltaOptions options = Since(base);
    RowDelta delta;
    const auto files = LiveFiles(call_, base);
    const auto four = std::find_if(files->begin(), files->end(), [](const LiveFile& live) {
      return live.file.record_count == 4;
    });
    EXPECT_NE(four, files->end());
    if (kind == CommitKind::kRowDelta) {
      std::vector<RowsOut> rows{{*four, {who == "mine" ? 0 : 1}}};
      EXPECT_TRUE(TakeRowsOut(call_, base, rows, delta));
    } else if (kind == CommitKind::kByValue) {
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

  // Mine takes out row 1 and puts in row 0; theirs takes out row 2.
  Commit PreparedMerge(const std::string& who) {
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

  Commit PreparedCompaction(const Table& base) {
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

  Commit PreparedMaintenance(CommitKind kind) {
    if (kind == CommitKind::kManifests)
      return [this](Lake& lake) { return lake.RewriteManifests(call_, ident_); };
    if (kind == CommitKind::kErase) {
      return [this](Lake& lake) -> Result<Table> {
        FIRN_CHECK(EraseKey(call_, lake, ident_, "Id", IdOf('4')));
        return lake.Load(ident_);
      };
    }
    return [this](Lake& lake) {
      ExpiryRules rules;
      rules.snapshots_max = 1;
      return lake.ExpireSnapshots(call_, ident_, rules);
    };
  }

  // A tag is made, or one that was made before is removed; a branch at the newest snapshot, or main
  // itself, goes back to the oldest.
  Commit PreparedRef(CommitKind kind, const std::string& who, const Table& base) {
    if (kind == CommitKind::kTag) {
      return [=, this](Lake& lake) {
        return lake.SetRef(call_, ident_, "tag-of-" + who, RefOptions());
      };
    }
    if (kind == CommitKind::kUntag) {
      EXPECT_TRUE(other_->SetRef(call_, ident_, "old", RefOptions()));
      return [this](Lake& lake) { return lake.SetRef(call_, ident_, "old", std::nullopt); };
    }
    RefOptions options{.kind = RefOptions::Kind::kBranch};
    const std::string name = kind == CommitKind::kRollback ? std::string(kMainBranch) : "side";
    if (kind == CommitKind::kBranchMoved) {
      EXPECT_TRUE(other_->SetRef(call_, ident_, name, options));
    }
    options.snapshot = base.history().front().snapshot_id;
    return [=, this](Lake& lake) { return lake.SetRef(call_, ident_, name, options); };
  }

  Commit PreparedShape(CommitKind kind, const std::string& who, const Table& base) {
    return [=, this](Lake& lake) {
      switch (kind) {
        case CommitKind::kSchema: {
          record::Schema schema = base.schema();
          schema.fields.push_back({base.last_column_id() + 1, who, false, {}, ""});
          return lake.EvolveSchema(call_, ident_, schema, base.shape());
        }
        case CommitKind::kSpec:
          return lake.EvolveSpec(call_, ident_,
                                 {{1, 0, who, who == "mine" ? "bucket[2]" : "bucket[3]"}},
                                 base.shape());
        case CommitKind::kOrder:
          return lake.EvolveSortOrder(
              call_, ident_, {{1, "identity", who == "mine" ? "asc" : "desc", "nulls-first"}},
              base.shape());
        case CommitKind::kUpgrade:
          return lake.SetProperties(call_, ident_, {{"format-version", "3"}});
        default:
          return lake.SetProperties(call_, ident_, {{"by." + who, "1"}});
      }
    };
  }
};

}  // namespace firn::lake
