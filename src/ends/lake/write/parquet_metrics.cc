#include "ends/lake/write/parquet_metrics.h"

#include <parquet/metadata.h>
#include <parquet/schema.h>
#include <parquet/statistics.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <optional>

#include "ends/lake/format/single_value.h"

namespace firn::lake {
namespace {

using record::Field;
using record::Type;
using record::TypeId;

// Bounds over all row groups of one column, still as Parquet's plain bytes.
struct Range {
  std::string low;
  std::string high;
  bool any = false;
  bool unknown = false;  // a row group with values did not tell
};

void CollectLeaves(const std::vector<Field>& fields, std::map<int, Type>& leaves) {
  for (const Field& field : fields) {
    if (field.type.children.empty()) {
      leaves[field.id] = field.type;
    } else {
      CollectLeaves(field.type.children, leaves);
    }
  }
}

template <typename T>
T Plain(std::string_view bytes) {
  T value{};
  std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof value));
  return value;
}

// From big-endian two's complement of at most 16 bytes.
__int128 BigEndian(std::string_view bytes) {
  const bool negative = !bytes.empty() && (static_cast<unsigned char>(bytes.front()) & 0x80) != 0;
  auto value = negative ? ~static_cast<unsigned __int128>(0) : 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return static_cast<__int128>(value);
}

std::string DecimalBound(__int128 unscaled) {
  return SingleDecimal(static_cast<int64_t>(unscaled >> 64), static_cast<uint64_t>(unscaled));
}

// The decimal that stands in Parquet as INT32, INT64 or big-endian bytes.
__int128 PlainDecimal(std::string_view bytes, parquet::Type::type physical) {
  if (physical == parquet::Type::INT32) return Plain<int32_t>(bytes);
  if (physical == parquet::Type::INT64) return Plain<int64_t>(bytes);
  return BigEndian(bytes);
}

bool Less(const Type& type, parquet::Type::type physical, std::string_view a, std::string_view b) {
  switch (type.id) {
    case TypeId::kBoolean:
      return Plain<uint8_t>(a) < Plain<uint8_t>(b);
    case TypeId::kInt:
    case TypeId::kDate:
      return Plain<int32_t>(a) < Plain<int32_t>(b);
    case TypeId::kLong:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      return Plain<int64_t>(a) < Plain<int64_t>(b);
    case TypeId::kFloat:
      return Plain<float>(a) < Plain<float>(b);
    case TypeId::kDouble:
      return Plain<double>(a) < Plain<double>(b);
    case TypeId::kDecimal:
      return PlainDecimal(a, physical) < PlainDecimal(b, physical);
    default:
      return a < b;  // unsigned bytes, as Parquet orders text
  }
}

// Whether the file's values are the table's bit by bit, so that a bound of one is one of the other:
// another writer's instants may be of another unit, its numbers without a sign.
bool SameValues(const Type& type, const parquet::ColumnDescriptor& column) {
  const auto& logical = column.logical_type();
  if (logical == nullptr) return true;
  using Unit = parquet::LogicalType::TimeUnit;
  switch (type.id) {
    case TypeId::kInt:
    case TypeId::kLong:
      return !logical->is_int() ||
             static_cast<const parquet::IntLogicalType&>(*logical).is_signed();
    case TypeId::kTime:
      return logical->is_time() &&
             static_cast<const parquet::TimeLogicalType&>(*logical).time_unit() == Unit::MICROS;
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      return logical->is_date() ||
             (logical->is_timestamp() &&
              static_cast<const parquet::TimestampLogicalType&>(*logical).time_unit() ==
                  (InNanoseconds(type) ? Unit::NANOS : Unit::MICROS));
    case TypeId::kDecimal:
      return logical->is_decimal() &&
             static_cast<const parquet::DecimalLogicalType&>(*logical).scale() == type.scale;
    default:
      return true;
  }
}

void Widen(const parquet::ColumnChunkMetaData& chunk, const Type& type, Range& range) {
  const auto statistics = chunk.encoded_statistics();
  const bool all_null = statistics != nullptr && statistics->has_null_count &&
                        statistics->null_count == chunk.num_values();
  if (all_null) return;
  if (statistics == nullptr || !statistics->has_min || !statistics->has_max) {
    range.unknown = true;
    return;
  }
  const parquet::Type::type physical = chunk.type();
  if (!range.any || Less(type, physical, statistics->min(), range.low)) {
    range.low = statistics->min();
  }
  if (!range.any || Less(type, physical, range.high, statistics->max())) {
    range.high = statistics->max();
  }
  range.any = true;
}

void SetBounds(int id, const Type& type, parquet::Type::type physical, const Range& range,
               DataFile& file) {
  if (!range.any || range.unknown) return;
  if (type.id == TypeId::kDecimal) {
    file.lower_bounds[id] = DecimalBound(PlainDecimal(range.low, physical));
    file.upper_bounds[id] = DecimalBound(PlainDecimal(range.high, physical));
  } else if (type.id == TypeId::kString) {
    file.lower_bounds[id] = TruncateText(range.low);
    if (auto upper = TruncateTextUp(range.high)) file.upper_bounds[id] = *std::move(upper);
  } else {
    // Little-endian numbers are the same in both formats.
    file.lower_bounds[id] = range.low;
    file.upper_bounds[id] = range.high;
  }
}

}  // namespace

DataFile MetricsOf(const parquet::FileMetaData& footer, const record::Schema& schema) {
  DataFile file;
  file.record_count = footer.num_rows();
  std::map<int, Type> leaves;
  CollectLeaves(schema.fields, leaves);
  for (int group = 0; group < footer.num_row_groups(); ++group) {
    const auto row_group = footer.RowGroup(group);
    const auto first = row_group->ColumnChunk(0);
    file.split_offsets.push_back(
        first->has_dictionary_page()
            ? std::min(first->dictionary_page_offset(), first->data_page_offset())
            : first->data_page_offset());
  }
  for (int column = 0; column < footer.num_columns(); ++column) {
    const parquet::ColumnDescriptor* descriptor = footer.schema()->Column(column);
    const int id = descriptor->schema_node()->field_id();
    const auto leaf = leaves.find(id);
    if (leaf == leaves.end()) continue;
    Range range;
    range.unknown = !SameValues(leaf->second, *descriptor);
    bool nulls_told = true;
    for (int group = 0; group < footer.num_row_groups(); ++group) {
      const auto chunk = footer.RowGroup(group)->ColumnChunk(column);
      file.column_sizes[id] += chunk->total_compressed_size();
      file.value_counts[id] += chunk->num_values();
      const auto statistics = chunk->encoded_statistics();
      nulls_told = nulls_told && statistics != nullptr && statistics->has_null_count;
      if (nulls_told) file.null_value_counts[id] += statistics->null_count;
      if (descriptor->max_repetition_level() == 0) Widen(*chunk, leaf->second, range);
    }
    if (!nulls_told) file.null_value_counts.erase(id);
    SetBounds(id, leaf->second, descriptor->physical_type(), range, file);
  }
  return file;
}

DataFile MetricsOfPage(const PageValues& page, const parquet::ColumnDescriptor& column,
                       const record::Field& field) {
  DataFile out;
  out.record_count = page.rows;
  out.value_counts[field.id] = page.rows;
  if (page.all_null) {
    out.null_value_counts[field.id] = page.rows;
    return out;
  }
  if (page.nulls >= 0) out.null_value_counts[field.id] = page.nulls;
  if (!SameValues(field.type, column)) return out;
  SetBounds(field.id, field.type, column.physical_type(), {page.low, page.high, true, false}, out);
  return out;
}

}  // namespace firn::lake
