#include "ends/lake/internal/equality_deletes.h"

#include <arrow/record_batch.h>

#include <algorithm>

#include "core/record/arrow_schema.h"
#include "ends/lake/format/partition.h"
#include "ends/lake/internal/parquet_source.h"
#include "ends/lake/read/row_text.h"

namespace firn::lake::internal {
namespace {

// The field in any schema the table ever had: a key may be a column that was dropped.
const record::Field* FindField(const TableMetadata& metadata, int id) {
  const auto in = [id](const TableSchema& schema) -> const record::Field* {
    for (const record::Field& field : schema.schema.fields) {
      if (field.id == id) return &field;
    }
    return nullptr;
  };
  if (const record::Field* found = in(metadata.current_schema())) return found;
  for (auto schema = metadata.schemas.rbegin(); schema != metadata.schemas.rend(); ++schema) {
    if (const record::Field* found = in(**schema)) return found;
  }
  return nullptr;
}

Error Unreadable(const DataFile& file, std::string why) {
  return Error(Kind::kUnsupported, "LAKE-READ-002",
               "the table has rows deleted in a way that cannot be read")
      .At(file.path)
      .Because(std::move(why))
      .Hint("let the engine that wrote them compact the table");
}

// The key's values of a row as one text: equal texts are equal keys, nulls included.
std::vector<std::string> KeyTexts(const arrow::RecordBatch& rows, const record::Schema& schema) {
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (const record::Field& field : schema.fields) {
    columns.push_back(rows.GetColumnByName(field.name));
    FIRN_ASSERT(columns.back() != nullptr);
  }
  const auto batch =
      arrow::RecordBatch::Make(record::ArrowSchema(schema), rows.num_rows(), std::move(columns));
  const RowText text(*batch, schema);
  std::vector<std::string> out(static_cast<size_t>(rows.num_rows()));
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    std::string& key = out[static_cast<size_t>(row)];
    for (int column = 0; column < batch->num_columns(); ++column) {
      // Not as JSON, where null, NaN and the infinities are one.
      const auto cell = text.Cell(row, column);
      key += cell ? std::to_string(cell->size()) + ":" + *cell : "-";
    }
  }
  return out;
}

}  // namespace

Result<void> EqualityDeletes::Add(DataFile file, int64_t sequence_number) {
  if (file.format != "PARQUET")
    return Fail(Unreadable(file, "it holds deletes of format " + file.format));
  if (file.equality_ids.empty()) return Fail(Unreadable(file, "it does not say what its key is"));
  Entry entry;
  for (const int id : file.equality_ids) {
    const record::Field* field = FindField(metadata_, id);
    if (field == nullptr)
      return Fail(Unreadable(
          file, "its key is field " + std::to_string(id) + ", which is no top-level column"));
    record::Field key = *field;
    // A dropped column may have left its name to another; and a key may be null.
    key.name = "key_" + std::to_string(id);
    key.required = false;
    entry.schema.fields.push_back(std::move(key));
  }
  entry.file = std::move(file);
  entry.sequence_number = sequence_number;
  entries_.push_back(std::move(entry));
  return {};
}

std::vector<record::Field> EqualityDeletes::Columns() const {
  std::map<int, record::Field> by_id;
  for (const Entry& entry : entries_) {
    for (const record::Field& field : entry.schema.fields) by_id.emplace(field.id, field);
  }
  std::vector<record::Field> out;
  for (auto& [id, field] : by_id) out.push_back(std::move(field));
  return out;
}

Result<std::shared_ptr<const EqualityKeys>> EqualityDeletes::Load(const Call& call,
                                                                  ObjectStore& store,
                                                                  const Entry& entry) {
  auto keys = std::make_shared<EqualityKeys>();
  keys->schema = entry.schema;
  SourceOptions options;
  options.schema = entry.schema;
  FIRN_TRY(const auto source, ParquetSource::Open(call, store, entry.file, options));
  for (;;) {
    FIRN_TRY(const auto batch, source->Next(call));
    if (batch == nullptr) break;
    for (std::string& key : KeyTexts(*batch, entry.schema)) keys->keys.insert(std::move(key));
    if (keys_held_ + keys->keys.size() > kEqualityKeysMax)
      return Fail(Error(Kind::kLimitReached, "LAKE-READ-003",
                        "the table has too many rows deleted by their values")
                      .At(entry.file.path)
                      .Because("more than " + std::to_string(kEqualityKeysMax) +
                               " keys would have to be held in memory")
                      .Hint("let the engine that wrote them compact the table"));
  }
  keys_held_ += keys->keys.size();
  return std::shared_ptr<const EqualityKeys>(std::move(keys));
}

namespace {

// Partition values of one spec; those of older files may be of the type that the column had before
// it was widened (spec, "Schema Evolution"): whole numbers of 4 bytes, or floats.
bool SamePartition(const TableMetadata& metadata, const DataFile& a, const DataFile& b) {
  if (a.spec_id != b.spec_id || a.partition.size() != b.partition.size()) return false;
  if (a.partition == b.partition) return true;
  const PartitionSpec* spec = metadata.FindSpec(a.spec_id);
  if (spec == nullptr || spec->fields.size() != a.partition.size()) return false;
  for (size_t i = 0; i < a.partition.size(); ++i) {
    const auto& left = a.partition[i];
    const auto& right = b.partition[i];
    if (left == right) continue;
    if (!left || !right || left->size() == right->size()) return false;
    const record::Type type = PartitionValueType(metadata.current_schema().schema, spec->fields[i]);
    if (Widened(type, *left) != Widened(type, *right)) return false;
  }
  return true;
}

}  // namespace

bool HoldsFor(const TableMetadata& metadata, const DataFile& deletes,
              int64_t deletes_sequence_number, const DataFile& data, int64_t data_sequence_number) {
  if (deletes_sequence_number <= data_sequence_number) return false;
  const PartitionSpec* spec = metadata.FindSpec(deletes.spec_id);
  const bool of_all = spec == nullptr || spec->unpartitioned();
  return of_all || SamePartition(metadata, deletes, data);
}

Result<EqualityFilter> EqualityDeletes::FilterFor(const Call& call, ObjectStore& store,
                                                  const DataFile& data,
                                                  int64_t data_sequence_number) {
  EqualityFilter filter;
  for (Entry& entry : entries_) {
    if (!HoldsFor(metadata_, entry.file, entry.sequence_number, data, data_sequence_number))
      continue;
    if (entry.keys == nullptr) {
      FIRN_TRY(entry.keys, Load(call, store, entry));
    }
    filter.push_back(entry.keys);
  }
  return filter;
}

std::vector<bool> Staying(const arrow::RecordBatch& rows, const EqualityFilter& filter) {
  std::vector<bool> stays(static_cast<size_t>(rows.num_rows()), true);
  for (const auto& keys : filter) {
    const std::vector<std::string> texts = KeyTexts(rows, keys->schema);
    for (size_t row = 0; row < stays.size(); ++row)
      stays[row] = stays[row] && !keys->keys.contains(texts[row]);
  }
  return stays;
}

}  // namespace firn::lake::internal
