#include "core/record/column_hash.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstring>
#include <string_view>

namespace firn::record {
namespace {

using Hashes = std::vector<uint64_t>;  // one a row

constexpr uint64_t kNull = 0x6e756c6c6e756c6cULL;
constexpr uint64_t kSeed = 0x9e3779b97f4a7c15ULL;
// What a sum over several values begins with. Not kSeed: mixed with it, any value gives 0.
constexpr uint64_t kStart = 0x2545f4914f6cdd1dULL;

uint64_t Mix(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a ^ kSeed) * (b ^ 0xd1b54a32d192ed03ULL);
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

uint64_t HashText(std::string_view text) {
  uint64_t hash = Mix(text.size(), kSeed);
  size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + i, 8);
    hash = Mix(hash, word);
  }
  uint64_t rest = 0;
  if (i < text.size()) std::memcpy(&rest, text.data() + i, text.size() - i);
  return Mix(hash, rest);
}

uint64_t HashWide(__int128 value) {
  return Mix(static_cast<uint64_t>(value), static_cast<uint64_t>(value >> 64));
}

template <typename ArrayType, typename Of>
void Each(const arrow::Array& array, Hashes& out, Of&& of) {
  const auto& typed = static_cast<const ArrayType&>(array);
  for (int64_t row = 0; row < typed.length(); ++row) {
    out[static_cast<size_t>(row)] = typed.IsNull(row) ? kNull : of(typed, row);
  }
}

template <typename ArrayType>
void EachNumber(const arrow::Array& array, Hashes& out) {
  Each<ArrayType>(array, out, [](const ArrayType& typed, int64_t row) {
    return HashWide(static_cast<int64_t>(typed.Value(row)));
  });
}

template <typename ArrayType>
void EachView(const arrow::Array& array, Hashes& out) {
  Each<ArrayType>(array, out,
                  [](const ArrayType& typed, int64_t row) { return HashText(typed.GetView(row)); });
}

void HashValues(const arrow::Array& array, Hashes& out);

void HashStructs(const arrow::Array& array, Hashes& out) {
  const auto& structs = static_cast<const arrow::StructArray&>(array);
  Hashes sum(static_cast<size_t>(array.length()), kStart);
  for (int child = 0; child < structs.num_fields(); ++child) {
    Hashes values;
    HashValues(*structs.field(child), values);
    for (size_t row = 0; row < sum.size(); ++row) sum[row] = Mix(sum[row], values[row]);
  }
  Each<arrow::StructArray>(array, out,
                           [&](const auto&, int64_t row) { return sum[static_cast<size_t>(row)]; });
}

void HashLists(const arrow::Array& array, Hashes& out) {
  const auto& lists = static_cast<const arrow::ListArray&>(array);
  Hashes elements;
  HashValues(*lists.values(), elements);
  Each<arrow::ListArray>(array, out, [&](const arrow::ListArray& typed, int64_t row) {
    uint64_t hash = Mix(static_cast<uint64_t>(typed.value_length(row)), kSeed);
    for (int32_t i = 0; i < typed.value_length(row); ++i) {
      hash = Mix(hash, elements[static_cast<size_t>(typed.value_offset(row) + i)]);
    }
    return hash;
  });
}

void HashValues(const arrow::Array& array, Hashes& out) {
  out.assign(static_cast<size_t>(array.length()), kNull);
  switch (array.type_id()) {
    case arrow::Type::BOOL:
      return EachNumber<arrow::BooleanArray>(array, out);
    case arrow::Type::INT32:
      return EachNumber<arrow::Int32Array>(array, out);
    case arrow::Type::INT64:
      return EachNumber<arrow::Int64Array>(array, out);
    case arrow::Type::DATE32:
      return EachNumber<arrow::Date32Array>(array, out);
    case arrow::Type::TIME64:
      return EachNumber<arrow::Time64Array>(array, out);
    case arrow::Type::TIMESTAMP:
      return EachNumber<arrow::TimestampArray>(array, out);
    case arrow::Type::DOUBLE:
      return Each<arrow::DoubleArray>(array, out, [](const auto& typed, int64_t row) {
        uint64_t bits;
        const double value = typed.Value(row) + 0.0;  // -0.0 and 0.0 are equal
        std::memcpy(&bits, &value, sizeof bits);
        return HashWide(static_cast<__int128>(bits));
      });
    case arrow::Type::DECIMAL64:
      return Each<arrow::Decimal64Array>(array, out, [](const auto& typed, int64_t row) {
        int64_t value;
        std::memcpy(&value, typed.GetValue(row), sizeof value);
        return HashWide(value);
      });
    case arrow::Type::DECIMAL128:
      return Each<arrow::Decimal128Array>(array, out, [](const auto& typed, int64_t row) {
        __int128 value;
        std::memcpy(&value, typed.GetValue(row), sizeof value);
        return HashWide(value);
      });
    case arrow::Type::STRING:
      return EachView<arrow::StringArray>(array, out);
    case arrow::Type::BINARY:
      return EachView<arrow::BinaryArray>(array, out);
    case arrow::Type::LARGE_STRING:
      return EachView<arrow::LargeStringArray>(array, out);
    case arrow::Type::STRUCT:
      return HashStructs(array, out);
    case arrow::Type::LIST:
      return HashLists(array, out);
    default:
      // No type of a layout: counted as null on both sides.
      return;
  }
}

}  // namespace

void AddColumnHashes(const arrow::RecordBatch& batch, const Schema& schema, ColumnHashes& hashes) {
  hashes.resize(schema.fields.size(), 0);
  Hashes ids(static_cast<size_t>(batch.num_rows()), kStart);
  for (size_t i = 0; i < schema.fields.size(); ++i) {
    if (schema.fields[i].name == "Id") HashValues(*batch.column(static_cast<int>(i)), ids);
  }
  Hashes values;
  for (size_t i = 0; i < schema.fields.size(); ++i) {
    HashValues(*batch.column(static_cast<int>(i)), values);
    uint64_t sum = 0;
    for (size_t row = 0; row < values.size(); ++row) sum += Mix(ids[row], values[row]);
    hashes[i] += sum;
  }
}

void ValueHashes(const arrow::Array& column, std::vector<uint64_t>& hashes) {
  HashValues(column, hashes);
}

void RowMarks(const arrow::RecordBatch& batch, const Schema& schema, std::string_view stamp,
              std::vector<RowMark>& marks) {
  marks.assign(static_cast<size_t>(batch.num_rows()), RowMark{.hash = kStart});
  Hashes values;
  for (size_t i = 0; i < schema.fields.size(); ++i) {
    const arrow::Array& column = *batch.column(static_cast<int>(i));
    HashValues(column, values);
    for (size_t row = 0; row < marks.size(); ++row)
      marks[row].hash = Mix(marks[row].hash, values[row]);
    const std::string& name = schema.fields[i].name;
    if (name == "Id" && column.type_id() == arrow::Type::STRING) {
      const auto& ids = static_cast<const arrow::StringArray&>(column);
      for (size_t row = 0; row < marks.size(); ++row) {
        marks[row].id = ids.GetView(static_cast<int64_t>(row));
      }
    }
    if (!stamp.empty() && name == stamp && column.type_id() == arrow::Type::TIMESTAMP) {
      const auto& stamps = static_cast<const arrow::TimestampArray&>(column);
      for (size_t row = 0; row < marks.size(); ++row) {
        const auto at = static_cast<int64_t>(row);
        if (stamps.IsValid(at)) marks[row].stamp = stamps.Value(at);
      }
    }
  }
}

}  // namespace firn::record
