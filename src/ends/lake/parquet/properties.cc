#include "ends/lake/parquet/properties.h"

#include <arrow/memory_pool.h>
#include <arrow/util/compression.h>
#include <parquet/properties.h>

#include <string>
#include <vector>

namespace firn::lake {
namespace {

using record::Field;
using record::Type;
using record::TypeId;

constexpr int64_t kPageBytes = 1 << 20;
// Arrow hands rows to a column in slices of so many; its default of 1024 costs 3 % of an import.
constexpr int64_t kRowsPerSlice = 8 * 1024;

// A level given as a parameter makes Arrow keep its compression context between pages (measured: 2
// % of an import; a smaller hash table, which some texts like, costs more than it saves here).
std::shared_ptr<arrow::util::CodecOptions> ZstdOptions(int level) {
  constexpr int kCompressionLevel = 100;  // ZSTD_c_compressionLevel
  auto options = std::make_shared<arrow::util::ZstdCodecOptions>();
  options->compression_level = level;
  options->compression_context_params = {{kCompressionLevel, level}};
  return options;
}

bool PacksAsDelta(const Type& type) {
  switch (type.id) {
    case TypeId::kInt:
    case TypeId::kLong:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      return true;
    case TypeId::kDecimal:
      return type.precision <= 18;
    default:
      return false;
  }
}

// Packed instants, dates and large numbers are as good as random to zstd: it took 3 % of an import
// to make their pages 2 % smaller (measured, 1M opportunities).
bool IsDenseWhenPacked(const Type& type) {
  constexpr int kDenseDigits = 9;
  switch (type.id) {
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      return true;
    case TypeId::kDecimal:
      return type.precision > kDenseDigits;
    default:
      return false;
  }
}

// Encodings of the leaves below `field`, whose Parquet path is `path`.
void SetEncodings(const Field& field, const std::string& path, bool dictionary, bool plain,
                  parquet::WriterProperties::Builder& builder) {
  if (field.type.id == TypeId::kList) {
    SetEncodings(field.type.children.front(), path + ".list.element", dictionary, plain, builder);
  } else if (field.type.id == TypeId::kStruct) {
    for (const Field& child : field.type.children) {
      SetEncodings(child, path + "." + child.name, dictionary, plain, builder);
    }
  } else if (dictionary) {
    builder.enable_dictionary(path);
  } else if (!plain && PacksAsDelta(field.type)) {
    builder.encoding(path, parquet::Encoding::DELTA_BINARY_PACKED);
    if (IsDenseWhenPacked(field.type)) {
      // No level: the default one is zstd's.
      builder.compression(path, parquet::Compression::UNCOMPRESSED)
          ->codec_options(path, std::make_shared<arrow::util::CodecOptions>());
    }
  }
}

}  // namespace

// jemalloc gives freed pages of finished row groups back and needs the least memory (measured: 85
// MiB at the peak of a 1M-row import, against 144 with mimalloc and 110 with malloc).
arrow::MemoryPool* WriterPool() {
  arrow::MemoryPool* pool = nullptr;
  return arrow::jemalloc_memory_pool(&pool).ok() ? pool : arrow::default_memory_pool();
}

std::shared_ptr<parquet::WriterProperties> PropertiesFor(const record::Layout& layout,
                                                         const ParquetOptions& options) {
  parquet::WriterProperties::Builder builder;
  builder.version(parquet::ParquetVersion::PARQUET_2_6)
      ->created_by("firn")
      ->memory_pool(WriterPool())
      ->disable_dictionary()
      ->data_pagesize(kPageBytes)
      ->write_batch_size(kRowsPerSlice)
      ->max_row_group_length(options.row_group_rows)
      ->enable_store_decimal_as_integer();
  if (options.packing == Packing::kQuick) {
    builder.compression(parquet::Compression::SNAPPY);
  } else {
    builder.compression(parquet::Compression::ZSTD)->codec_options(ZstdOptions(options.zstd_level));
  }
  std::vector<bool> dictionary(layout.schema.fields.size(), false);
  for (const record::SourceColumn& column : layout.columns) {
    dictionary[static_cast<size_t>(column.field_index)] = column.dictionary;
  }
  for (const record::DerivedField& derived : layout.derived) {
    if (derived.kind == record::DerivedField::Kind::kReferenceType) {
      dictionary[static_cast<size_t>(derived.field_index)] = true;
    }
  }
  for (size_t i = 0; i < layout.schema.fields.size(); ++i) {
    const Field& field = layout.schema.fields[i];
    SetEncodings(field, field.name, dictionary[i], options.plain_encoding, builder);
  }
  return builder.build();
}

}  // namespace firn::lake
