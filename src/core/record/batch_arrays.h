// Arrow arrays over the buffers of ColumnValues, and the fields derived from them (compounds,
// reference types, blob links). Internal to record.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/record/column_values.h"
#include "core/record/grow_buffer.h"
#include "core/record/layout.h"

namespace firn::record {

class BatchArrays {
 public:
  explicit BatchArrays(const Layout& layout);
  BatchArrays(const BatchArrays&) = delete;
  BatchArrays& operator=(const BatchArrays&) = delete;
  ~BatchArrays();

  // The columns hold the same number of rows. The arrays look into the columns' memory and into
  // this object's: valid until either changes.
  [[nodiscard]] std::shared_ptr<arrow::RecordBatch> Wrap(const std::vector<ColumnValues>& columns);

 private:
  struct Bits {
    GrowBuffer<uint8_t> bytes;
    int64_t nulls = 0;
  };
  struct Text {
    std::vector<int32_t> offsets;
    std::string bytes;
    std::vector<uint8_t> valid;
    Bits bits;
  };

  std::shared_ptr<arrow::Buffer> Validity(const uint8_t* valid, size_t rows, Bits& bits);
  std::shared_ptr<arrow::Array> Column(const ColumnValues& values, size_t index,
                                       const std::shared_ptr<arrow::DataType>& type);
  std::shared_ptr<arrow::Array> Compound(const DerivedField& derived, size_t rows, size_t index,
                                         const std::vector<ColumnValues>& columns,
                                         const std::shared_ptr<arrow::DataType>& type);
  std::shared_ptr<arrow::Array> ReferenceType(const ColumnValues& ids, Text& text);
  std::shared_ptr<arrow::Array> BlobUri(const DerivedField& derived, const ColumnValues& ids,
                                        Text& text);
  std::shared_ptr<arrow::Array> BlobLength(const ColumnValues& lengths, size_t index);

  const Layout& layout_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<Bits> column_bits_;    // by source column
  std::vector<Bits> boolean_bits_;   // by source column
  std::vector<Bits> derived_bits_;   // by derived field
  std::vector<Text> derived_texts_;  // by derived field
  std::vector<std::vector<uint8_t>> derived_valid_;
  std::vector<std::vector<int64_t>> derived_longs_;
  std::unordered_map<std::string_view, std::string_view> prefixes_;
};

}  // namespace firn::record
