// A warehouse with one table of Ids for the lake's tests: one data file of the rows 1 2 3 4.
#pragma once

#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/file.h"
#include "ends/lake/commit/delete_files.h"
#include "ends/lake/ingest/import.h"
#include "ends/lake/read/row_text.h"
#include "ends/lake/read/rows.h"
#include "tests/support/test_folder.h"

namespace firn::lake {

class TableDesk : public testing::Test {
 protected:
  TableDesk() {
    if (IsChild()) {
      folder_ = std::getenv(kFolderOfParent);
      lake_ = *Lake::Open({.warehouse = folder_ + "/warehouse"});
      return;
    }
    folder_ = own_.emplace().path();
    lake_ = *Lake::Open({.warehouse = folder_ + "/warehouse"});
    EXPECT_TRUE(WriteFileDurably(folder_ + "/describe.json",
                                 R"({"name":"Thing","fields":[{"name":"Id","type":"id"}]})"));
    Import({"1", "2", "3", "4"});
  }

  // The folder of a test that started this process to have it killed; it is kept as it is.
  static constexpr const char* kFolderOfParent = "FIRN_TEST_FOLDER";
  static bool IsChild() { return std::getenv(kFolderOfParent) != nullptr; }

  void Import(const std::vector<std::string>& ids, const std::string& mode = "append") {
    std::string csv = "Id\n";
    for (const std::string& id : ids) csv += "a0100000000000" + id + "AAA\n";
    ASSERT_TRUE(WriteFileDurably(folder_ + "/page.csv", csv));
    ImportOptions options;
    options.table = ident_;
    options.pages = {folder_ + "/page.csv"};
    options.describe_path = folder_ + "/describe.json";
    if (mode == "replace") options.mode = ImportOptions::Mode::kReplace;
    const auto report = ImportPages(call_, *lake_, options);
    ASSERT_TRUE(report) << report.error().OneLine();
  }
  Table Now() {
    auto table = lake_->Load(ident_);
    EXPECT_TRUE(table) << table.error().OneLine();
    return *std::move(table);
  }
  // One character of each Id that is left, sorted.
  std::string Ids() {
    std::string out;
    const auto reader = RowReader::Open(call_, Now(), {});
    EXPECT_TRUE(reader) << reader.error().OneLine();
    for (;;) {
      const auto batch = (*reader)->Next(call_);
      EXPECT_TRUE(batch) << batch.error().OneLine();
      if (!batch || *batch == nullptr) break;
      const RowText text(**batch, (*reader)->schema());
      for (int64_t row = 0; row < text.rows(); ++row) out += text.JsonObject(row).at(21);
    }
    std::sort(out.begin(), out.end());
    return out;
  }
  // Takes `positions` out of the first data file of `table`.
  RowDelta Out(const Table& table, std::vector<int64_t> positions) {
    const auto files = LiveFiles(call_, table);
    EXPECT_TRUE(files && !files->empty());
    std::vector<RowsOut> rows{{files->front(), std::move(positions)}};
    RowDelta delta;
    const auto taken = TakeRowsOut(call_, table, rows, delta);
    EXPECT_TRUE(taken) << taken.error().OneLine();
    return delta;
  }
  Result<Table> Commit(const RowDelta& delta, RowDeltaOptions options = {}) {
    return lake_->CommitRowDelta(call_, ident_, delta, options);
  }
  RowDeltaOptions Since(const Table& table) {
    RowDeltaOptions options;
    options.commit.since_snapshot = table.current_snapshot()->snapshot_id;
    return options;
  }

  std::optional<TestFolder> own_;  // nothing in a child
  std::string folder_;
  std::unique_ptr<Lake> lake_;
  TableIdent ident_{"sales", "Thing"};
  Call call_;
};

}  // namespace firn::lake
