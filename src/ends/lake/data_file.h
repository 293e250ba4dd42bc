// DataFile: what a manifest entry says of one data file (Iceberg spec, "Data File Fields").
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace firn::lake {

struct DataFile {
  enum class Content { kData = 0, kPositionDeletes = 1, kEqualityDeletes = 2 };
  Content content = Content::kData;
  std::string path;  // full URI, `file:///..`
  std::string format = "PARQUET";
  int64_t record_count = 0;
  int64_t file_size_bytes = 0;
  // By field id. Sizes are compressed bytes; value counts include nulls.
  std::map<int, int64_t> column_sizes;
  std::map<int, int64_t> value_counts;
  std::map<int, int64_t> null_value_counts;
  std::map<int, int64_t> nan_value_counts;
  // Single-value binary form (spec, appendix D). Strings truncated to 16 code points; an upper
  // bound that cannot be rounded up is left out.
  std::map<int, std::string> lower_bounds;
  std::map<int, std::string> upper_bounds;
  std::vector<int64_t> split_offsets;
  int sort_order_id = 0;

  // Partition values by the fields of spec `spec_id`, in single-value binary form; nothing = null.
  int spec_id = 0;
  std::vector<std::optional<std::string>> partition;
  std::optional<std::string> key_metadata;
  // Delete files only.
  std::vector<int> equality_ids;
  std::optional<std::string> referenced_data_file;
  std::optional<int64_t> content_offset;  // deletion vectors: where in the Puffin file
  std::optional<int64_t> content_size_bytes;
  std::optional<int64_t> first_row_id;  // v3
};

}  // namespace firn::lake
