// What a Parquet footer tells of a data file, in the terms of an Iceberg manifest. Internal to
// lake; pure.
#pragma once

#include <cstdint>
#include <string>

#include "core/record/schema.h"
#include "ends/lake/data_file.h"

namespace parquet {
class ColumnDescriptor;
class FileMetaData;
}  // namespace parquet

namespace firn::lake {

// Fills counts, sizes, bounds and split offsets; path and file size are the caller's, and how many
// values are NaN, which no footer tells. Columns are matched to `schema` by field id; what a footer
// of another writer does not tell is left out. Columns inside lists have counts but no bounds, as
// in Iceberg's Java writer.
[[nodiscard]] DataFile MetricsOf(const parquet::FileMetaData& footer, const record::Schema& schema);

// What the page index tells of one page of a flat column; bounds as Parquet's plain bytes.
struct PageValues {
  int64_t rows = 0;
  int64_t nulls = -1;  // -1: not told
  bool all_null = false;
  std::string low;
  std::string high;
};
// The same terms, of that column alone.
[[nodiscard]] DataFile MetricsOfPage(const PageValues& page,
                                     const parquet::ColumnDescriptor& column,
                                     const record::Field& field);

}  // namespace firn::lake
