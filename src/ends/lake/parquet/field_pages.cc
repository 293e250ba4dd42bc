#include "ends/lake/parquet/field_pages.h"

#include <arrow/array/array_nested.h>
#include <arrow/type.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

#include <utility>

namespace firn::lake {
namespace {

Presence PresenceOf(const arrow::Array& array) {
  if (array.null_count() == 0) return {};
  return {array.null_bitmap_data(), array.offset()};
}

Result<std::unique_ptr<LeafPages>> NewLeaf(const arrow::DataType& type,
                                           const parquet::ColumnDescriptor& column,
                                           const parquet::WriterProperties& properties,
                                           PageCompressor& compressor) {
  const auto path = column.path();
  const LeafEncoding encoding{
      .dictionary = properties.dictionary_enabled(path),
      .delta = properties.encoding(path) == parquet::Encoding::DELTA_BINARY_PACKED};
  auto values = LeafValues::New(type, column, encoding);
  if (values == nullptr) {
    return Fail(Error(Kind::kUnsupported, "LAKE-FILE-001", "the data file cannot be written")
                    .Because("column `" + path->ToDotString() + "` is of type " + type.ToString()));
  }
  const bool packed = properties.compression(path) != parquet::Compression::UNCOMPRESSED;
  return std::make_unique<LeafPages>(column, std::move(values), packed ? &compressor : nullptr);
}

}  // namespace

Result<FieldPages> FieldPages::New(const arrow::Field& field,
                                   const parquet::SchemaDescriptor& schema,
                                   const parquet::WriterProperties& properties,
                                   PageCompressor& compressor, int& next_leaf) {
  FieldPages made;
  const auto add = [&](const arrow::DataType& type) -> Result<void> {
    FIRN_TRY(auto leaf, NewLeaf(type, *schema.Column(next_leaf++), properties, compressor));
    made.leaves_.push_back(std::move(leaf));
    return {};
  };
  const arrow::DataType& type = *field.type();
  switch (type.id()) {
    case arrow::Type::STRUCT:
      for (const auto& child : type.fields()) FIRN_CHECK(add(*child->type()));
      break;
    case arrow::Type::LIST:
      FIRN_CHECK(add(*type.field(0)->type()));
      break;
    default:
      FIRN_CHECK(add(type));
  }
  return made;
}

Result<void> FieldPages::Append(const arrow::Array& column, const RowRange& range) {
  switch (column.type_id()) {
    case arrow::Type::STRUCT:
      return AppendStruct(static_cast<const arrow::StructArray&>(column), range);
    case arrow::Type::LIST:
      return leaves_.front()->AppendLists(static_cast<const arrow::ListArray&>(column), range);
    default:
      return leaves_.front()->AppendRows(column, range, PresenceOf(column), nullptr);
  }
}

Result<void> FieldPages::AppendStruct(const arrow::StructArray& column, const RowRange& range) {
  for (int child = 0; child < column.num_fields(); ++child) {
    FIRN_CHECK(AppendChild(column, child, range));
  }
  return {};
}

// A child's value is there when the struct and the child are. Where both may be null, the level
// says which of them is.
Result<void> FieldPages::AppendChild(const arrow::StructArray& column, int child,
                                     const RowRange& range) {
  const arrow::Array& values = *column.field(child);
  LeafPages& leaf = *leaves_[static_cast<size_t>(child)];
  const arrow::StructType& type = *column.struct_type();
  const Presence outer = PresenceOf(column);
  const Presence inner = PresenceOf(values);
  const auto rows = static_cast<size_t>(range.count);
  levels_.resize(rows);
  bits_.assign(rows / 8 + 1, 0);
  const bool both = leaf.definition_max() == 2;
  const bool child_nullable = type.field(child)->nullable();
  for (size_t row = 0; row < rows; ++row) {
    const int64_t at = range.begin + static_cast<int64_t>(row);
    const bool there = outer.Has(at);
    const bool present = there && (!child_nullable || inner.Has(at));
    levels_[row] = static_cast<uint8_t>((there ? 1 : 0) + (present ? 1 : 0));
    if (present) bits_[row / 8] = static_cast<uint8_t>(bits_[row / 8] | 1U << (row % 8));
  }
  return leaf.AppendRows(values, range, {bits_.data(), -range.begin},
                         both ? levels_.data() : nullptr);
}

}  // namespace firn::lake
