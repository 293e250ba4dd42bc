#include "ends/lake/write/partitions.h"

#include <arrow/array.h>
#include <arrow/array/array_nested.h>
#include <arrow/record_batch.h>
#include <arrow/util/decimal.h>

#include <algorithm>

#include "ends/lake/commit/lineage.h"
#include "ends/lake/format/single_value.h"
#include "ends/lake/internal/parquet_source.h"
#include "ends/lake/merge/read.h"
#include "ends/lake/store/object_store.h"
#include "ends/lake/write/partition_files.h"

namespace firn::lake {
namespace {

using record::TypeId;

constexpr int kBatchRows = 16 * 1024;

Error Unplaceable(const Table& table, std::string why) {
  return Error(Kind::kUnsupported, "LAKE-COMMIT-005",
               "table `" + table.ident().Text() + "` cannot be written by this version")
      .At(table.metadata_location())
      .Because(std::move(why))
      .Hint("write it with the engine that made it, or change its partition spec");
}

// The place of a column that may lie in structs, not in lists or maps. False: there is none.
bool FindSource(const std::vector<record::Field>& fields, int id, std::vector<std::string>& path,
                record::Type& type) {
  for (const record::Field& field : fields) {
    path.push_back(field.name);
    if (field.id == id) {
      type = field.type;
      return true;
    }
    if (field.type.id == TypeId::kStruct && FindSource(field.type.children, id, path, type))
      return true;
    path.pop_back();
  }
  return false;
}

std::shared_ptr<arrow::Array> ColumnAt(const arrow::RecordBatch& batch,
                                       const std::vector<std::string>& path) {
  auto column = batch.GetColumnByName(path.front());
  for (size_t i = 1; column != nullptr && i < path.size(); ++i) {
    const auto& around = static_cast<const arrow::StructArray&>(*column);
    const int at = around.struct_type()->GetFieldIndex(path[i]);
    // What a struct holds that is null is null. This fails when there is no memory.
    column = at < 0 ? nullptr : around.GetFlattenedField(at).ValueOrDie();
  }
  return column;
}

Result<void> CopyInto(const Call& call, const Table& table, const DataFile& file,
                      PartitionFiles& files) {
  FIRN_TRY(const auto source,
           internal::ParquetSource::Open(call, *table.store(), file, SourceOf(table, kBatchRows)));
  for (;;) {
    FIRN_TRY(const auto batch, source->Next(call));
    if (batch == nullptr) return {};
    FIRN_CHECK(files.Write(call, batch));
  }
}

}  // namespace

std::optional<std::string> SingleValueAt(const arrow::Array& column, int64_t row,
                                         const record::Type& type) {
  if (column.IsNull(row)) return {};
  switch (type.id) {
    case TypeId::kBoolean:
      return SingleBool(static_cast<const arrow::BooleanArray&>(column).Value(row));
    case TypeId::kInt:
    case TypeId::kDate:
      return SingleInt(column.data()->GetValues<int32_t>(1)[row]);
    case TypeId::kLong:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      return SingleLong(column.data()->GetValues<int64_t>(1)[row]);
    case TypeId::kFloat:
      return SingleFloat(column.data()->GetValues<float>(1)[row]);
    case TypeId::kDouble:
      return SingleDouble(column.data()->GetValues<double>(1)[row]);
    case TypeId::kDecimal: {
      // Columns of up to 18 digits are held in 64 bits.
      if (column.type_id() == arrow::Type::DECIMAL64) {
        const int64_t value = column.data()->GetValues<int64_t>(1)[row];
        return SingleDecimal(value < 0 ? -1 : 0, static_cast<uint64_t>(value));
      }
      const arrow::Decimal128 value(
          static_cast<const arrow::Decimal128Array&>(column).GetValue(row));
      return SingleDecimal(value.high_bits(), value.low_bits());
    }
    case TypeId::kUuid:
    case TypeId::kFixed:
      return std::string(static_cast<const arrow::FixedSizeBinaryArray&>(column).GetView(row));
    default:
      return std::string(static_cast<const arrow::BinaryArray&>(column).GetView(row));
  }
}

Result<Partitioner> Partitioner::For(const Table& table) {
  Partitioner out;
  for (const PartitionField& field : table.metadata().default_spec().fields) {
    Source source{{}, {}, ParseTransform(field.transform)};
    const bool found = FindSource(table.schema().fields, field.source_id, source.path, source.type);
    if (!found && source.transform.kind != Transform::Kind::kVoid)
      return Fail(Unplaceable(table, "partition field `" + field.name +
                                         "` is of a column in a list or map, or of none"));
    if (found && !AppliesTo(source.transform, source.type))
      return Fail(Unplaceable(table, "partition field `" + field.name + "` has transform `" +
                                         field.transform + "`, which is not known"));
    out.fields_.push_back(std::move(source));
  }
  return out;
}

std::map<PartitionTuple, std::vector<int64_t>> Partitioner::Split(
    const arrow::RecordBatch& batch) const {
  std::map<PartitionTuple, std::vector<int64_t>> out;
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (const Source& source : fields_) {
    columns.push_back(source.path.empty() ? nullptr : ColumnAt(batch, source.path));
  }
  PartitionTuple tuple(fields_.size());
  auto last = out.end();
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    for (size_t i = 0; i < fields_.size(); ++i) {
      if (columns[i] == nullptr) continue;
      const record::Type& type = fields_[i].type;
      tuple[i] = Transformed(fields_[i].transform, type, SingleValueAt(*columns[i], row, type));
    }
    // Rows often come in the order of their partitions.
    if (last == out.end() || last->first != tuple) last = out.try_emplace(tuple).first;
    last->second.push_back(row);
  }
  return out;
}

Result<std::vector<DataFile>> PlaceInPartitions(const Call& call, const Table& table,
                                                const std::vector<DataFile>& files) {
  if (table.metadata().default_spec().unpartitioned()) return files;
  FIRN_TRY(const auto placed, PartitionFiles::Open(table, {}));
  for (const DataFile& file : files) FIRN_CHECK(CopyInto(call, table, file, *placed));
  FIRN_TRY(auto written, placed->Close());
  placed->Keep();
  return written;
}

}  // namespace firn::lake
