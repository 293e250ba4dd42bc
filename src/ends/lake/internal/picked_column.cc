#include "ends/lake/internal/picked_column.h"

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_decimal.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/array/util.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <parquet/column_reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace firn::lake::internal {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

constexpr int64_t kValuesAtOnce = 2048;

bool StoredIn(arrow::TimeUnit::type unit, const parquet::ColumnDescriptor& column) {
  using Unit = parquet::LogicalType::TimeUnit;
  if (unit != arrow::TimeUnit::MICRO && unit != arrow::TimeUnit::NANO) return false;
  const auto wanted = unit == arrow::TimeUnit::MICRO ? Unit::MICROS : Unit::NANOS;
  const auto& logical = column.logical_type();
  if (logical->is_timestamp())
    return static_cast<const parquet::TimestampLogicalType&>(*logical).time_unit() == wanted;
  return logical->is_time() &&
         static_cast<const parquet::TimeLogicalType&>(*logical).time_unit() == wanted;
}

// Which pages hold a wanted row, told page by page as they come.
class WantedPages {
 public:
  explicit WantedPages(std::span<const int64_t> rows) : rows_(rows) {}

  // True: the page is passed over.
  bool Passes(int64_t page_rows) {
    const int64_t first = next_first_;
    next_first_ += page_rows;
    const auto wanted = std::lower_bound(rows_.begin(), rows_.end(), first);
    if (wanted == rows_.end() || *wanted >= next_first_) return true;
    first_ = first;
    return false;
  }
  // Row that the page read last begins with.
  [[nodiscard]] int64_t first() const { return first_; }

 private:
  std::span<const int64_t> rows_;
  int64_t next_first_ = 0;
  int64_t first_ = 0;
};

// Calls `value` or `null` for each wanted row, in order.
template <typename Stored, typename OnValue, typename OnNull>
arrow::Status EachWanted(parquet::RowGroupReader& group, int leaf, std::span<const int64_t> rows,
                         OnValue&& value, OnNull&& null) {
  const parquet::ColumnDescriptor* column = group.metadata()->schema()->Column(leaf);
  WantedPages pages(rows);
  auto source = group.GetColumnPageReader(leaf);
  source->set_data_page_filter(
      [&pages](const parquet::DataPageStats& page) { return pages.Passes(page.num_values); });
  const auto made = parquet::ColumnReader::Make(column, std::move(source));
  auto& reader = static_cast<parquet::TypedColumnReader<Stored>&>(*made);
  const bool optional = column->max_definition_level() > 0;
  std::vector<int16_t> levels(kValuesAtOnce, 1);
  // Not std::vector: that of bool has no memory to read into.
  const auto values = std::make_unique<typename Stored::c_type[]>(kValuesAtOnce);
  int64_t page = -1;
  int64_t row = 0;  // of the next value
  for (size_t at = 0; at < rows.size();) {
    if (!reader.HasNext()) return arrow::Status::Invalid("a column ends before its last row");
    if (pages.first() != page) row = page = pages.first();
    int64_t stored = 0;
    const int64_t read = reader.ReadBatch(kValuesAtOnce, optional ? levels.data() : nullptr,
                                          nullptr, values.get(), &stored);
    if (read == 0) return arrow::Status::Invalid("a column ends before its last row");
    int64_t next = 0;   // into `values`
    int64_t level = 0;  // into `levels`
    for (; at < rows.size() && rows[at] < row + read; ++at) {
      for (; level < rows[at] - row; ++level) next += levels[static_cast<size_t>(level)];
      const bool there = levels[static_cast<size_t>(level)] != 0;
      ARROW_RETURN_NOT_OK(there ? value(values[static_cast<size_t>(next)]) : null());
    }
    row += read;
  }
  return arrow::Status::OK();
}

template <typename Stored, typename Builder>
arrow::Result<ArrayPtr> Plain(parquet::RowGroupReader& group, int leaf,
                              const std::shared_ptr<arrow::DataType>& type,
                              std::span<const int64_t> rows) {
  Builder builder;
  ARROW_RETURN_NOT_OK(builder.Reserve(static_cast<int64_t>(rows.size())));
  ARROW_RETURN_NOT_OK(EachWanted<Stored>(
      group, leaf, rows, [&builder](auto value) { return builder.Append(value); },
      [&builder] { return builder.AppendNull(); }));
  ARROW_ASSIGN_OR_RAISE(ArrayPtr array, builder.Finish());
  // Dates, times and timestamps lie in memory as the numbers they are stored as.
  auto data = array->data()->Copy();
  data->type = type;
  return arrow::MakeArray(data);
}

template <typename Stored>
arrow::Result<ArrayPtr> Decimals(parquet::RowGroupReader& group, int leaf,
                                 const std::shared_ptr<arrow::DataType>& type,
                                 std::span<const int64_t> rows) {
  arrow::Decimal128Builder builder(type);
  ARROW_RETURN_NOT_OK(builder.Reserve(static_cast<int64_t>(rows.size())));
  ARROW_RETURN_NOT_OK(EachWanted<Stored>(
      group, leaf, rows,
      [&builder](auto value) { return builder.Append(arrow::Decimal128(int64_t{value})); },
      [&builder] { return builder.AppendNull(); }));
  return builder.Finish();
}

template <typename Builder>
arrow::Result<ArrayPtr> Texts(parquet::RowGroupReader& group, int leaf,
                              std::span<const int64_t> rows) {
  Builder builder;
  ARROW_RETURN_NOT_OK(builder.Reserve(static_cast<int64_t>(rows.size())));
  ARROW_RETURN_NOT_OK(EachWanted<parquet::ByteArrayType>(
      group, leaf, rows,
      [&builder](const parquet::ByteArray& value) {
        return builder.Append(
            std::string_view(reinterpret_cast<const char*>(value.ptr), value.len));
      },
      [&builder] { return builder.AppendNull(); }));
  return builder.Finish();
}

}  // namespace

bool CanPick(const parquet::ColumnDescriptor& column, const arrow::DataType& type) {
  if (column.max_repetition_level() > 0 || column.max_definition_level() > 1) return false;
  using Physical = parquet::Type;
  const auto stored = column.physical_type();
  switch (type.id()) {
    case arrow::Type::BOOL:
      return stored == Physical::BOOLEAN;
    case arrow::Type::INT32:
    case arrow::Type::DATE32:
      return stored == Physical::INT32;
    case arrow::Type::INT64:
      return stored == Physical::INT64;
    case arrow::Type::TIME64:
    case arrow::Type::TIMESTAMP: {
      // Both types have their unit in the same place of their own class.
      const auto unit = type.id() == arrow::Type::TIME64
                            ? static_cast<const arrow::Time64Type&>(type).unit()
                            : static_cast<const arrow::TimestampType&>(type).unit();
      return stored == Physical::INT64 && StoredIn(unit, column);
    }
    case arrow::Type::FLOAT:
      return stored == Physical::FLOAT;
    case arrow::Type::DOUBLE:
      return stored == Physical::DOUBLE;
    case arrow::Type::DECIMAL128:
      return stored == Physical::INT32 || stored == Physical::INT64;
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return stored == Physical::BYTE_ARRAY;
    default:
      return false;
  }
}

arrow::Result<ArrayPtr> PickColumn(parquet::RowGroupReader& group, int leaf,
                                   const std::shared_ptr<arrow::DataType>& type,
                                   std::span<const int64_t> rows) {
  const auto stored = group.metadata()->schema()->Column(leaf)->physical_type();
  switch (type->id()) {
    case arrow::Type::BOOL:
      return Plain<parquet::BooleanType, arrow::BooleanBuilder>(group, leaf, type, rows);
    case arrow::Type::INT32:
    case arrow::Type::DATE32:
      return Plain<parquet::Int32Type, arrow::Int32Builder>(group, leaf, type, rows);
    case arrow::Type::FLOAT:
      return Plain<parquet::FloatType, arrow::FloatBuilder>(group, leaf, type, rows);
    case arrow::Type::DOUBLE:
      return Plain<parquet::DoubleType, arrow::DoubleBuilder>(group, leaf, type, rows);
    case arrow::Type::DECIMAL128:
      return stored == parquet::Type::INT32 ? Decimals<parquet::Int32Type>(group, leaf, type, rows)
                                            : Decimals<parquet::Int64Type>(group, leaf, type, rows);
    case arrow::Type::STRING:
      return Texts<arrow::StringBuilder>(group, leaf, rows);
    case arrow::Type::BINARY:
      return Texts<arrow::BinaryBuilder>(group, leaf, rows);
    default:
      return Plain<parquet::Int64Type, arrow::Int64Builder>(group, leaf, type, rows);
  }
}

}  // namespace firn::lake::internal
