#include "core/record/batch_arrays.h"

#include <arrow/array/array_base.h>
#include <arrow/array/data.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "core/record/arrow_schema.h"

namespace firn::record {
namespace {

template <typename T>
std::shared_ptr<arrow::Buffer> View(const T* data, size_t count) {
  return std::make_shared<arrow::Buffer>(reinterpret_cast<const uint8_t*>(data),
                                         static_cast<int64_t>(count * sizeof(T)));
}

// Bytes of 0 and 1 become bits, least significant first; answers how many were 1.
int64_t PackBits(const uint8_t* bytes, size_t count, uint8_t* bits) {
  int64_t ones = 0;
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    uint64_t word;
    std::memcpy(&word, bytes + i, 8);
    // The product gathers the lowest bit of each byte in the top byte.
    bits[i / 8] = static_cast<uint8_t>((word * 0x0102040810204080ULL) >> 56);
    ones += static_cast<int64_t>((word * 0x0101010101010101ULL) >> 56);
  }
  if (i < count) {
    uint8_t last = 0;
    for (size_t j = 0; i + j < count; ++j) {
      last |= static_cast<uint8_t>(bytes[i + j] << j);
      ones += bytes[i + j];
    }
    bits[i / 8] = last;
  }
  return ones;
}

std::shared_ptr<arrow::Array> MakeArray(std::shared_ptr<arrow::DataType> type, size_t rows,
                                        std::vector<std::shared_ptr<arrow::Buffer>> buffers,
                                        int64_t nulls) {
  return arrow::MakeArray(arrow::ArrayData::Make(std::move(type), static_cast<int64_t>(rows),
                                                 std::move(buffers), nulls));
}

}  // namespace

BatchArrays::BatchArrays(const Layout& layout)
    : layout_(layout),
      schema_(ArrowSchema(layout.schema)),
      column_bits_(layout.columns.size()),
      boolean_bits_(layout.columns.size()),
      derived_bits_(layout.derived.size()),
      derived_texts_(layout.derived.size()),
      derived_valid_(layout.derived.size()),
      derived_longs_(layout.derived.size()) {
  for (const auto& [prefix, object] : layout_.key_prefixes) prefixes_.emplace(prefix, object);
}

BatchArrays::~BatchArrays() = default;

std::shared_ptr<arrow::Buffer> BatchArrays::Validity(const uint8_t* valid, size_t rows,
                                                     Bits& bits) {
  bits.bytes.Ensure(rows / 8 + 1, 0);
  bits.nulls = static_cast<int64_t>(rows) - PackBits(valid, rows, bits.bytes.data());
  return bits.nulls == 0 ? nullptr : View(bits.bytes.data(), rows / 8 + 1);
}

std::shared_ptr<arrow::Array> BatchArrays::Column(const ColumnValues& values, size_t index,
                                                  const std::shared_ptr<arrow::DataType>& type) {
  const size_t rows = values.rows();
  Bits& bits = column_bits_[index];
  std::shared_ptr<arrow::Buffer> validity = Validity(values.valid(), rows, bits);
  const auto make = [&](std::shared_ptr<arrow::Buffer> items) {
    return MakeArray(type, rows, {std::move(validity), std::move(items)}, bits.nulls);
  };
  switch (values.form()) {
    case ColumnValues::Form::kText:
      return MakeArray(type, rows,
                       {std::move(validity), View(values.offsets(), rows + 1),
                        View(values.text(), values.text_bytes())},
                       bits.nulls);
    case ColumnValues::Form::kTextList: {
      auto texts = arrow::ArrayData::Make(arrow::utf8(), static_cast<int64_t>(values.elements()),
                                          {nullptr, View(values.offsets(), values.elements() + 1),
                                           View(values.text(), values.text_bytes())},
                                          0);
      auto lists = arrow::ArrayData::Make(type, static_cast<int64_t>(rows),
                                          {validity, View(values.list_offsets(), rows + 1)},
                                          {std::move(texts)}, bits.nulls);
      return arrow::MakeArray(lists);
    }
    case ColumnValues::Form::kBoolean: {
      Bits& truths = boolean_bits_[index];
      truths.bytes.Ensure(rows / 8 + 1, 0);
      PackBits(values.booleans(), rows, truths.bytes.data());
      return make(View(truths.bytes.data(), rows / 8 + 1));
    }
    case ColumnValues::Form::kInt32:
      return make(View(values.ints(), rows));
    case ColumnValues::Form::kInt64:
      return make(View(values.longs(), rows));
    case ColumnValues::Form::kInt128:
      return make(View(values.wides(), rows));
    case ColumnValues::Form::kDouble:
      return make(View(values.doubles(), rows));
  }
  return nullptr;
}

std::shared_ptr<arrow::Array> BatchArrays::Compound(const DerivedField& derived, size_t rows,
                                                    size_t index,
                                                    const std::vector<ColumnValues>& columns,
                                                    const std::shared_ptr<arrow::DataType>& type) {
  std::vector<uint8_t>& valid = derived_valid_[index];
  valid.assign(rows, 0);
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  for (size_t child = 0; child < derived.sources.size(); ++child) {
    const auto& child_type = type->field(static_cast<int>(child))->type();
    if (derived.sources[child] < 0) {
      auto nulls = arrow::MakeArrayOfNull(child_type, static_cast<int64_t>(rows));
      children.push_back((*nulls)->data());
      continue;
    }
    const auto source = static_cast<size_t>(derived.sources[child]);
    for (size_t row = 0; row < rows; ++row) valid[row] |= columns[source].valid()[row];
    children.push_back(Column(columns[source], source, child_type)->data());
  }
  auto validity = Validity(valid.data(), rows, derived_bits_[index]);
  return arrow::MakeArray(arrow::ArrayData::Make(type, static_cast<int64_t>(rows),
                                                 {std::move(validity)}, std::move(children),
                                                 derived_bits_[index].nulls));
}

std::shared_ptr<arrow::Array> BatchArrays::ReferenceType(const ColumnValues& ids, Text& text) {
  const size_t rows = ids.rows();
  text.offsets.assign(1, 0);
  text.bytes.clear();
  text.valid.assign(rows, 0);
  for (size_t row = 0; row < rows; ++row) {
    const int32_t begin = ids.offsets()[row];
    if (ids.offsets()[row + 1] - begin >= 3) {
      const auto found =
          prefixes_.find(std::string_view(reinterpret_cast<const char*>(ids.text()) + begin, 3));
      if (found != prefixes_.end()) {
        text.bytes += found->second;
        text.valid[row] = 1;
      }
    }
    text.offsets.push_back(static_cast<int32_t>(text.bytes.size()));
  }
  auto validity = Validity(text.valid.data(), rows, text.bits);
  return MakeArray(arrow::utf8(), rows,
                   {std::move(validity), View(text.offsets.data(), rows + 1),
                    View(text.bytes.data(), text.bytes.size())},
                   text.bits.nulls);
}

std::shared_ptr<arrow::Array> BatchArrays::BlobUri(const DerivedField& derived,
                                                   const ColumnValues& ids, Text& text) {
  const size_t rows = ids.rows();
  text.offsets.assign(1, 0);
  text.bytes.clear();
  for (size_t row = 0; row < rows; ++row) {
    const int32_t begin = ids.offsets()[row];
    text.bytes += derived.uri_before;
    text.bytes.append(reinterpret_cast<const char*>(ids.text()) + begin,
                      static_cast<size_t>(ids.offsets()[row + 1] - begin));
    text.bytes += derived.uri_after;
    text.offsets.push_back(static_cast<int32_t>(text.bytes.size()));
  }
  return MakeArray(
      arrow::utf8(), rows,
      {nullptr, View(text.offsets.data(), rows + 1), View(text.bytes.data(), text.bytes.size())},
      0);
}

std::shared_ptr<arrow::Array> BatchArrays::BlobLength(const ColumnValues& lengths, size_t index) {
  const size_t rows = lengths.rows();
  std::vector<int64_t>& longs = derived_longs_[index];
  longs.assign(rows, 0);
  for (size_t row = 0; row < rows; ++row) {
    longs[row] =
        lengths.form() == ColumnValues::Form::kInt32 ? lengths.ints()[row] : lengths.longs()[row];
  }
  auto validity = Validity(lengths.valid(), rows, derived_bits_[index]);
  return MakeArray(arrow::int64(), rows, {std::move(validity), View(longs.data(), rows)},
                   derived_bits_[index].nulls);
}

std::shared_ptr<arrow::RecordBatch> BatchArrays::Wrap(const std::vector<ColumnValues>& columns) {
  const size_t rows = columns.front().rows();
  arrow::ArrayVector arrays(layout_.schema.fields.size());
  for (size_t i = 0; i < columns.size(); ++i) {
    const int field = layout_.columns[i].field_index;
    arrays[static_cast<size_t>(field)] = Column(columns[i], i, schema_->field(field)->type());
  }
  for (size_t i = 0; i < layout_.derived.size(); ++i) {
    const DerivedField& derived = layout_.derived[i];
    const auto field = static_cast<size_t>(derived.field_index);
    const auto source = static_cast<size_t>(derived.sources.empty() ? 0 : derived.sources.front());
    switch (derived.kind) {
      case DerivedField::Kind::kCompound:
        arrays[field] =
            Compound(derived, rows, i, columns, schema_->field(derived.field_index)->type());
        break;
      case DerivedField::Kind::kReferenceType:
        arrays[field] = ReferenceType(columns[source], derived_texts_[i]);
        break;
      case DerivedField::Kind::kBlobUri:
        arrays[field] = BlobUri(derived, columns[source], derived_texts_[i]);
        break;
      case DerivedField::Kind::kBlobLength:
        arrays[field] = BlobLength(columns[source], i);
        break;
    }
  }
  return arrow::RecordBatch::Make(schema_, static_cast<int64_t>(rows), std::move(arrays));
}

}  // namespace firn::record
