#include "ends/lake/publish/conform.h"

#include <arrow/array.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/initialize.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <set>

#include "core/record/arrow_schema.h"
#include "ends/lake/publish/key_check.h"
#include "ends/lake/read/row_text.h"

namespace firn::lake {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using record::TypeId;

bool IsText(arrow::Type::type id) {
  return id == arrow::Type::STRING || id == arrow::Type::LARGE_STRING ||
         id == arrow::Type::STRING_VIEW;
}

// Whether values of one type can become another without anything lost, each one being looked at.
bool MayBecome(const arrow::DataType& from, const record::Type& to) {
  const auto id = from.id();
  if (id == arrow::Type::NA) return true;
  if (id == arrow::Type::DICTIONARY)
    return MayBecome(*static_cast<const arrow::DictionaryType&>(from).value_type(), to);
  const bool whole = arrow::is_integer(id);
  const bool real = arrow::is_floating(id);
  switch (to.id) {
    case TypeId::kBoolean:
      return id == arrow::Type::BOOL;
    case TypeId::kInt:
    case TypeId::kLong:
      // A query engine's sum of whole numbers is often a real number or a decimal.
      return whole || real || arrow::is_decimal(id);
    case TypeId::kFloat:
      return whole || id == arrow::Type::FLOAT || id == arrow::Type::HALF_FLOAT;
    case TypeId::kDouble:
      return whole || real;
    case TypeId::kDecimal:
      return whole || arrow::is_decimal(id);
    case TypeId::kDate:
      return id == arrow::Type::DATE32;
    case TypeId::kTime:
      return arrow::is_time(id);
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      return id == arrow::Type::TIMESTAMP &&
             static_cast<const arrow::TimestampType&>(from).timezone().empty() ==
                 (to.id == TypeId::kTimestamp);
    case TypeId::kString:
      return IsText(id);
    case TypeId::kUuid:
    case TypeId::kFixed:
      return id == arrow::Type::FIXED_SIZE_BINARY;
    case TypeId::kBinary:
      return arrow::is_base_binary_like(id) && !IsText(id);
    default:
      return false;
  }
}

Error Broken(const std::string& code, std::string why) {
  return Error(Kind::kBadInput, code, "the rows break the contract").Because(std::move(why));
}

class RowConformer final : public Conformer {
 public:
  RowConformer(RowContract contract, const std::string& spill)
      : contract_(std::move(contract)),
        arrow_schema_(record::ArrowSchema(contract_.schema)),
        keys_(contract_.key.empty() ? nullptr : std::make_unique<KeyCheck>(spill)) {
    for (const std::string& name : contract_.key) {
      for (size_t i = 0; i < contract_.schema.fields.size(); ++i) {
        if (contract_.schema.fields[i].name == name) key_columns_.push_back(static_cast<int>(i));
      }
    }
  }

  Result<std::shared_ptr<arrow::RecordBatch>> Take(const arrow::RecordBatch& batch) override {
    if (batch.num_rows() == 0) return Empty();
    std::vector<ArrayPtr> columns;
    for (size_t i = 0; i < contract_.schema.fields.size(); ++i) {
      FIRN_TRY(auto column, Column(batch, i));
      columns.push_back(std::move(column));
    }
    auto out = arrow::RecordBatch::Make(arrow_schema_, batch.num_rows(), std::move(columns));
    FIRN_CHECK(AddKeys(*out));
    record::AddColumnHashes(*out, contract_.schema, hashes_);
    rows_ += batch.num_rows();
    return out;
  }

  Result<void> Finish() override {
    hashes_.resize(contract_.schema.fields.size());
    if (keys_ == nullptr) return {};
    FIRN_TRY(const KeyCheck::Twins twins, keys_->Finish());
    if (twins.rows == 0) return {};
    std::string names;
    for (const std::string& name : contract_.key)
      names += (names.empty() ? "`" : ", `") + name + "`";
    return Fail(Broken("LAKE-CONTRACT-004", std::to_string(twins.rows) + " rows have a key (" +
                                                names +
                                                ") that an earlier row has; the first are rows " +
                                                std::to_string(twins.first + 1) + " and " +
                                                std::to_string(twins.second + 1))
                    .Hint("make the query give one row a key, or declare the key that rows have"));
  }

  int64_t rows() const override { return rows_; }
  const record::ColumnHashes& hashes() const override { return hashes_; }

 private:
  Result<std::shared_ptr<arrow::RecordBatch>> Empty() const {
    auto made = arrow::RecordBatch::MakeEmpty(arrow_schema_);
    if (made.ok()) return *made;
    return Fail(Kind::kInternal, "LAKE-CONTRACT-002", made.status().message());
  }

  Result<ArrayPtr> Column(const arrow::RecordBatch& batch, size_t at) {
    const record::Field& field = contract_.schema.fields[at];
    const ArrayPtr source = batch.GetColumnByName(field.name);
    const auto& type = arrow_schema_->field(static_cast<int>(at))->type();
    if (source == nullptr || !MayBecome(*source->type(), field.type))
      return Fail(Broken("LAKE-CONTRACT-001", "column `" + field.name + "` is missing or no `" +
                                                  record::TypeText(field.type) + "`"));
    ArrayPtr out = source;
    if (!source->type()->Equals(*type)) {
      auto cast = arrow::compute::Cast(*source, type);
      if (!cast.ok()) return Fail(Misfit(field, *source, type));
      out = *std::move(cast);
    }
    if (field.required && out->null_count() > 0) return Fail(Null(field, *out));
    return out;
  }

  // Arrow's own message may hold the value: only the row is told.
  Error Misfit(const record::Field& field, const arrow::Array& source,
               const std::shared_ptr<arrow::DataType>& type) const {
    int64_t row = 0;
    while (row + 1 < source.length() && arrow::compute::Cast(*source.Slice(row, 1), type).ok())
      ++row;
    return Broken("LAKE-CONTRACT-002", "the value of `" + field.name + "` in row " +
                                           std::to_string(rows_ + row + 1) + " is no `" +
                                           record::TypeText(field.type) + "` without loss")
        .Hint("CAST or round it in the query, or declare a wider type");
  }

  Error Null(const record::Field& field, const arrow::Array& column) const {
    int64_t row = 0;
    while (column.IsValid(row)) ++row;
    return Broken("LAKE-CONTRACT-003", "`" + field.name + "` is required and null in row " +
                                           std::to_string(rows_ + row + 1))
        .Hint("leave such rows out, or declare the column as not required");
  }

  Result<void> AddKeys(const arrow::RecordBatch& batch) {
    if (keys_ == nullptr) return {};
    const RowText text(batch, contract_.schema);
    std::string key;
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      key.clear();
      for (const int column : key_columns_) {
        const std::string cell = text.Cell(row, column).value_or("");
        key += std::to_string(cell.size()) + ":" + cell;
      }
      FIRN_CHECK(keys_->Add(key, rows_ + row));
    }
    return {};
  }

  RowContract contract_;
  std::shared_ptr<arrow::Schema> arrow_schema_;
  std::unique_ptr<KeyCheck> keys_;
  std::vector<int> key_columns_;
  int64_t rows_ = 0;
  record::ColumnHashes hashes_;
};

}  // namespace

Result<std::unique_ptr<Conformer>> Conformer::New(RowContract contract,
                                                  const std::vector<StreamColumn>& columns,
                                                  std::string spill) {
  static const arrow::Status kReady = arrow::compute::Initialize();
  if (!kReady.ok()) return Fail(Kind::kInternal, "LAKE-CONTRACT-002", kReady.message());
  std::set<std::string> come;
  std::string why;
  const auto add = [&](const std::string& text) { why += (why.empty() ? "" : "; ") + text; };
  for (const StreamColumn& column : columns) {
    if (!come.insert(column.name).second) add("column `" + column.name + "` comes twice");
    if (contract.schema.Find(column.name) == nullptr)
      add("column `" + column.name + "` (" + column.type + ") is not declared");
  }
  for (const record::Field& field : contract.schema.fields) {
    if (!come.contains(field.name)) add("column `" + field.name + "` is missing");
  }
  if (!why.empty())
    return Fail(Broken("LAKE-CONTRACT-001", std::move(why))
                    .Hint("name the columns in the query as the contract does, or raise the "
                          "contract's version"));
  return std::make_unique<RowConformer>(std::move(contract), spill);
}

}  // namespace firn::lake
