// Which rows of a row group may match a filter, by the page index (Parquet's "PageIndex": bounds of
// every page, beside the footer). No state; one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/record/schema.h"
#include "ends/lake/data_file.h"

namespace parquet {
class ColumnDescriptor;
class RowGroupPageIndexReader;
}  // namespace parquet

namespace firn::lake::internal {

struct RowSpan {
  int64_t first = 0;
  int64_t end = 0;
  bool operator==(const RowSpan&) const = default;
};

struct IndexedColumn {
  int leaf = 0;
  const parquet::ColumnDescriptor* column = nullptr;
  record::Field field;  // of the table
};

// Rising, not touching, counted from the group's first row. A column whose pages have no index, or
// one that makes no sense, leaves all rows. `may_match` is asked about one column's page at a time.
// Throws what the Parquet library throws.
[[nodiscard]] std::vector<RowSpan> RowsThatMayMatch(
    parquet::RowGroupPageIndexReader& index, int64_t rows,
    const std::vector<IndexedColumn>& columns,
    const std::function<bool(const DataFile& page)>& may_match);

}  // namespace firn::lake::internal
