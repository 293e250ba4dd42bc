#include "ends/lake/internal/page_ranges.h"

#include <parquet/page_index.h>
#include <parquet/schema.h>

#include <algorithm>

#include "ends/lake/write/parquet_metrics.h"

namespace firn::lake::internal {
namespace {

void Append(std::vector<RowSpan>& ranges, RowSpan next) {
  if (!ranges.empty() && ranges.back().end == next.first) {
    ranges.back().end = next.end;
  } else {
    ranges.push_back(next);
  }
}

std::vector<RowSpan> Common(const std::vector<RowSpan>& a, const std::vector<RowSpan>& b) {
  std::vector<RowSpan> out;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const RowSpan both{std::max(a[i].first, b[j].first), std::min(a[i].end, b[j].end)};
    if (both.first < both.end) Append(out, both);
    ++(a[i].end < b[j].end ? i : j);
  }
  return out;
}

// Where each page begins, and the end of the last; empty when it makes no sense.
std::vector<int64_t> PageBounds(const parquet::OffsetIndex& offsets, int64_t rows) {
  std::vector<int64_t> bounds;
  for (const parquet::PageLocation& page : offsets.page_locations())
    bounds.push_back(page.first_row_index);
  bounds.push_back(rows);
  const bool sound = bounds.front() == 0 && std::is_sorted(bounds.begin(), bounds.end());
  return sound ? bounds : std::vector<int64_t>();
}

std::vector<RowSpan> RangesOf(parquet::RowGroupPageIndexReader& index, int64_t rows,
                              const IndexedColumn& column,
                              const std::function<bool(const DataFile&)>& may_match) {
  const std::vector<RowSpan> all{{0, rows}};
  const auto offsets = index.GetOffsetIndex(column.leaf);
  const auto values = offsets == nullptr ? nullptr : index.GetColumnIndex(column.leaf);
  if (values == nullptr) return all;
  const std::vector<int64_t> bounds = PageBounds(*offsets, rows);
  const size_t pages = values->null_pages().size();
  if (bounds.size() != pages + 1) return all;
  std::vector<RowSpan> out;
  for (size_t page = 0; page < pages; ++page) {
    PageValues one;
    one.rows = bounds[page + 1] - bounds[page];
    one.all_null = values->null_pages()[page];
    if (values->has_null_counts()) one.nulls = values->null_counts()[page];
    one.low = values->encoded_min_values()[page];
    one.high = values->encoded_max_values()[page];
    if (may_match(MetricsOfPage(one, *column.column, column.field)))
      Append(out, {bounds[page], bounds[page + 1]});
  }
  return out;
}

}  // namespace

std::vector<RowSpan> RowsThatMayMatch(parquet::RowGroupPageIndexReader& index, int64_t rows,
                                      const std::vector<IndexedColumn>& columns,
                                      const std::function<bool(const DataFile& page)>& may_match) {
  std::vector<RowSpan> ranges{{0, rows}};
  for (const IndexedColumn& column : columns)
    ranges = Common(ranges, RangesOf(index, rows, column, may_match));
  return ranges;
}

}  // namespace firn::lake::internal
