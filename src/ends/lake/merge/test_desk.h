// A table to merge into, for tests: Id, Name, Amount, Stage and Stamp (the ordering column), rows
// as maps of text, and the table read back by the row reader.
#pragma once

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/file.h"
#include "core/record/arrow_schema.h"
#include "ends/lake/catalog/catalog.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/internal/lake_parts.h"
#include "ends/lake/merge/merge.h"
#include "ends/lake/read/rows.h"
#include "ends/lake/store/object_store.h"
#include "ends/lake/write/parquet_writer.h"
#include "tests/support/test_folder.h"

namespace firn::lake {

// A value of nothing is null; a column that is not in the map is not in the row.
using TestRow = std::map<std::string, std::optional<std::string>>;
using TestTable = std::map<std::string, TestRow>;  // by Id, which is not in the rows

// `a01` and nine digits and three zeros, with the three characters that check them: no capitals.
inline std::string TestId(int64_t number) {
  std::string digits = std::to_string(number);
  return "a01" + std::string(12 - digits.size(), '0') + digits + "AAA";
}

// Passes everything on, but lets others go first, or loses an answer, when told.
class MeddlingCatalog final : public Catalog {
 public:
  explicit MeddlingCatalog(std::unique_ptr<Catalog> inner) : inner_(std::move(inner)) {}

  Result<std::vector<std::string>> Namespaces() override { return inner_->Namespaces(); }
  Result<void> CreateNamespace(const std::string& ns) override {
    return inner_->CreateNamespace(ns);
  }
  Result<std::vector<TableIdent>> Tables(const std::string& ns) override {
    return inner_->Tables(ns);
  }
  Result<std::optional<CatalogEntry>> Find(const TableIdent& ident) override {
    if (blind) return Fail(Error(Kind::kUnreachable, "TEST-001", "not reachable"));
    if (refused == ident) return Fail(Error(Kind::kDenied, "TEST-003", "not this table"));
    return inner_->Find(ident);
  }
  Result<bool> Insert(const TableIdent& ident, const std::string& location) override {
    return inner_->Insert(ident, location);
  }
  Result<bool> Swap(const TableIdent& ident, const CatalogSwap& swap) override {
    if (before_swap) std::exchange(before_swap, nullptr)();
    auto swapped = inner_->Swap(ident, swap);
    if (answers_passed < 0 || answers_passed-- > 0) return swapped;
    blind = blind_after_loss;
    return Fail(Error(Kind::kCommitUnknown, "TEST-002", "the answer is lost"));
  }
  Result<bool> Delete(const TableIdent& ident) override { return inner_->Delete(ident); }

  std::optional<TableIdent> refused;  // this table is neither read nor written
  std::function<void()> before_swap;
  int answers_passed = -1;  // before one is lost; below 0: none is lost
  bool blind_after_loss = false;
  bool blind = false;

 private:
  std::unique_ptr<Catalog> inner_;
};

class MergeDesk : public testing::Test {
 protected:
  MergeDesk() {
    auto catalog =
        std::make_unique<MeddlingCatalog>(*OpenSqlCatalog({.path = folder_ + "/catalog.db"}));
    catalog_ = catalog.get();
    lake_ = internal::LakeOf({folder_, std::move(catalog), LocalStore(folder_)});
    others_ = *Lake::Open({.warehouse = folder_});
    const auto made = lake_->Create(call_, ident_, TestSchema(), {});
    EXPECT_TRUE(made) << made.error().OneLine();
  }

  static record::Schema TestSchema() {
    const auto field = [](int id, const char* name, record::TypeId type, bool required = false) {
      record::Field out{id, name, required, {}, ""};
      out.type.id = type;
      return out;
    };
    record::Schema schema;
    schema.fields = {
        field(1, "Id", record::TypeId::kString, true), field(2, "Name", record::TypeId::kString),
        field(3, "Amount", record::TypeId::kLong), field(4, "Stage", record::TypeId::kString),
        field(5, "Stamp", record::TypeId::kLong)};
    return schema;
  }

  std::unique_ptr<Merger> Open(MergeOptions options = {}) {
    options.table = ident_;
    auto merger = Merger::Open(call_, *lake_, options);
    EXPECT_TRUE(merger) << merger.error().OneLine();
    return merger ? *std::move(merger) : nullptr;
  }

  // Columns in the order of `names`; the first one is Id.
  std::shared_ptr<arrow::RecordBatch> Batch(
      const std::vector<std::string>& names,
      const std::vector<std::pair<std::string, TestRow>>& rows,
      const record::Schema& schema = TestSchema()) {
    std::vector<std::shared_ptr<arrow::Field>> fields;
    std::vector<std::shared_ptr<arrow::Array>> columns;
    const auto arrow_schema = record::ArrowSchema(schema);
    for (const std::string& name : names) {
      const auto field = arrow_schema->GetFieldByName(name);
      fields.push_back(field);
      const auto builder = *arrow::MakeBuilder(field->type());
      for (const auto& [id, row] : rows) {
        const auto value = name == "Id" ? std::optional(id) : row.at(name);
        if (!value) {
          EXPECT_TRUE(builder->AppendNull().ok());
        } else if (field->type()->id() == arrow::Type::INT64) {
          EXPECT_TRUE(static_cast<arrow::Int64Builder&>(*builder).Append(std::stoll(*value)).ok());
        } else {
          EXPECT_TRUE(static_cast<arrow::StringBuilder&>(*builder).Append(*value).ok());
        }
      }
      columns.push_back(*builder->Finish());
    }
    return arrow::RecordBatch::Make(arrow::schema(fields), static_cast<int64_t>(rows.size()),
                                    columns);
  }
  std::shared_ptr<arrow::RecordBatch> Whole(
      const std::vector<std::pair<std::string, TestRow>>& rows) {
    return Batch({"Id", "Name", "Amount", "Stage", "Stamp"}, rows);
  }
  static TestRow Row(const std::string& name, int64_t amount, const std::string& stage = "new",
                     int64_t stamp = 0) {
    return {{"Name", name},
            {"Amount", std::to_string(amount)},
            {"Stage", stage},
            {"Stamp", std::to_string(stamp)}};
  }

  void Upsert(Merger& merger, const std::vector<std::pair<std::string, TestRow>>& rows,
              const std::vector<int64_t>& orders = {}) {
    const auto fed = merger.Upsert(Whole(rows), {orders});
    ASSERT_TRUE(fed) << fed.error().OneLine();
  }
  // Changes the columns that a row has, of one row.
  void Update(Merger& merger, const std::string& id, const TestRow& row,
              UpdateOptions options = {}) {
    std::vector<std::string> names{"Id"};
    for (const auto& [name, value] : row) names.push_back(name);
    const auto fed = merger.Update(Batch(names, {{id, row}}), options);
    ASSERT_TRUE(fed) << fed.error().OneLine();
  }
  void Delete(Merger& merger, const std::string& id, const std::vector<int64_t>& orders = {}) {
    const std::vector<std::string> ids{id};
    const auto fed = merger.Delete(ids, {orders});
    ASSERT_TRUE(fed) << fed.error().OneLine();
  }
  MergeReport Commit(Merger& merger, const MergeCommit& commit = {}) {
    auto report = merger.Commit(call_, commit);
    EXPECT_TRUE(report) << report.error().OneLine();
    return report ? *report : MergeReport();
  }

  // Another process's merge.
  std::unique_ptr<Merger> OpenOther() {
    auto merger = Merger::Open(call_, *others_, {.table = ident_});
    EXPECT_TRUE(merger) << merger.error().OneLine();
    return merger ? *std::move(merger) : nullptr;
  }
  // All rows written again into one file by others, as a compaction does.
  void CompactByOthers() {
    const Table table = Now();
    const auto reader = RowReader::Open(call_, table, {});
    ASSERT_TRUE(reader) << reader.error().OneLine();
    const std::string path = folder_ + "/compacted-" + NewUuid(*call_.random) + ".parquet";
    record::Layout layout;
    layout.schema = table.schema();
    const auto writer = ParquetWriter::Open(path, layout, {});
    ASSERT_TRUE(writer);
    for (;;) {
      const auto batch = (*reader)->Next(call_);
      ASSERT_TRUE(batch) << batch.error().OneLine();
      if (*batch == nullptr) break;
      ASSERT_TRUE((*writer)->Write(**batch));
    }
    auto file = (*writer)->Close();
    ASSERT_TRUE(file);
    file->path = FileUri(path);
    const auto replaced = others_->ReplaceAll(call_, ident_, {*file}, nullptr, {});
    ASSERT_TRUE(replaced) << replaced.error().OneLine();
  }
  Table Now() {
    auto table = others_->Load(ident_);
    EXPECT_TRUE(table) << table.error().OneLine();
    return table.value();
  }
  // The table as any reader sees it. A key that is there twice fails the test.
  TestTable Read() {
    TestTable out;
    const auto reader = RowReader::Open(call_, Now(), {});
    EXPECT_TRUE(reader) << reader.error().OneLine();
    if (!reader) return out;
    for (;;) {
      const auto batch = (*reader)->Next(call_);
      EXPECT_TRUE(batch) << batch.error().OneLine();
      if (!batch || *batch == nullptr) return out;
      for (int64_t i = 0; i < (*batch)->num_rows(); ++i) {
        TestRow row;
        std::string id;
        for (int c = 0; c < (*batch)->num_columns(); ++c) {
          const auto scalar = *(*batch)->column(c)->GetScalar(i);
          const std::string name = (*batch)->column_name(c);
          if (name == "Id") {
            id = scalar->ToString();
          } else {
            row[name] = scalar->is_valid ? std::optional(scalar->ToString()) : std::nullopt;
          }
        }
        EXPECT_TRUE(out.emplace(id, row).second) << id << " is there twice";
      }
    }
  }

  Call call_;
  TestFolder temporary_;
  std::string folder_ = temporary_.path();
  TableIdent ident_{"sales", "Deal"};
  MeddlingCatalog* catalog_ = nullptr;  // of `lake_`
  std::unique_ptr<Lake> lake_;
  std::unique_ptr<Lake> others_;
};

}  // namespace firn::lake
