// FieldPages: a top-level field of a Parquet file and the leaf columns below it. Internal to lake.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/error.h"
#include "ends/lake/parquet/leaf_pages.h"

namespace parquet {
class SchemaDescriptor;
class WriterProperties;
}  // namespace parquet

namespace firn::lake {

class FieldPages {
 public:
  // `next_leaf`: the field's first leaf in `schema`, moved past its last. Everything but `field`
  // outlives the object. Errors: Unsupported (LAKE-FILE-001) for a type that FitsPageFile refuses.
  [[nodiscard]] static Result<FieldPages> New(const arrow::Field& field,
                                              const parquet::SchemaDescriptor& schema,
                                              const parquet::WriterProperties& properties,
                                              PageCompressor& compressor, int& next_leaf);
  // `column`: of the field's type.
  [[nodiscard]] Result<void> Append(const arrow::Array& column, const RowRange& range);
  [[nodiscard]] std::vector<std::unique_ptr<LeafPages>>& leaves() { return leaves_; }

 private:
  Result<void> AppendStruct(const arrow::StructArray& column, const RowRange& range);
  [[nodiscard]] Result<void> AppendChild(const arrow::StructArray& column, int child,
                                         const RowRange& range);

  std::vector<std::unique_ptr<LeafPages>> leaves_;
  // Used again for every batch.
  std::vector<uint8_t> levels_;
  std::vector<uint8_t> bits_;
};

}  // namespace firn::lake
