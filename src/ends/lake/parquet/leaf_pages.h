// LeafPages: one leaf column of a Parquet file: pages with their levels, packed and headed,
// gathered until the row group ends. Internal to lake. One thread.
//
// Memory is one raw page and the packed pages of one row group. Data pages are of version 1, which
// every reader knows.
#pragma once

#include <arrow/type_fwd.h>
#include <parquet/statistics.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "ends/lake/parquet/leaf_values.h"
#include "ends/lake/parquet/page_bytes.h"
#include "ends/lake/parquet/page_compressor.h"
#include "ends/lake/parquet/page_header.h"

namespace parquet {
class ColumnChunkMetaDataBuilder;
class ColumnIndexBuilder;
class OffsetIndexBuilder;
}  // namespace parquet

namespace firn::lake {

class FileSink;

// Where a column chunk is told of: in the footer, and page by page in the page index.
struct ChunkNotes {
  parquet::ColumnChunkMetaDataBuilder& footer;
  parquet::ColumnIndexBuilder& bounds;
  parquet::OffsetIndexBuilder& places;
};

class LeafPages {
 public:
  // `column` and `compressor` outlive the object; no compressor: pages stay as they are.
  LeafPages(const parquet::ColumnDescriptor& column, std::unique_ptr<LeafValues> values,
            PageCompressor* compressor);

  // Rows that hold one value or none. `levels`: the definition level of each row of the range,
  // needed where a value has more than one way to be missing; else null. Errors: of the compressor.
  [[nodiscard]] Result<void> AppendRows(const arrow::Array& values, RowRange range,
                                        const Presence& presence, const uint8_t* levels);
  // Rows that hold a list of values.
  [[nodiscard]] Result<void> AppendLists(const arrow::ListArray& lists, const RowRange& range);
  // Ends the column chunk: its bytes go to `sink`, what is to be said of it to `notes`. Answers the
  // bytes written. Errors: those of the file.
  [[nodiscard]] Result<int64_t> EndChunk(FileSink& sink, const ChunkNotes& notes);
  [[nodiscard]] size_t packed_bytes() const { return chunk_.size(); }
  [[nodiscard]] int definition_max() const { return definition_max_; }

 private:
  struct PageNote {
    parquet::EncodedStatistics statistics;
    int64_t begin = 0;  // in the chunk's data pages
    int32_t bytes = 0;  // header included
    int64_t first_row = 0;
  };
  void AddPresence(const Presence& presence, const RowRange& range, const uint8_t* levels);
  void AddList(const arrow::ListArray& lists, int64_t row);
  void AppendLevels(std::span<const uint32_t> levels, int most);
  void AppendPresenceLevels();
  [[nodiscard]] std::span<const uint8_t> WithLevels(std::span<uint8_t> values);
  Result<void> EndPage();
  void TellPages(const ChunkNotes& notes, int64_t begin);
  Result<void> AppendPage(PageFacts facts, std::span<const uint8_t> raw, PageBytes& out);

  const parquet::ColumnDescriptor& column_;
  const int definition_max_;
  const int repetition_max_;
  std::unique_ptr<LeafValues> values_;
  PageCompressor* const compressor_;

  // The open page. Levels stand as bits where there is but one, else as numbers.
  int64_t page_rows_ = 0;
  size_t page_entries_ = 0;  // values and nulls
  size_t page_values_ = 0;
  PageBytes presence_;
  std::vector<uint32_t> definitions_;
  std::vector<uint32_t> repetitions_;

  // Used again for every page.
  PageBytes levels_;
  PageBytes whole_;
  PageBytes packed_;

  // The open chunk.
  PageBytes chunk_;
  int64_t raw_bytes_ = 0;  // headers included
  int64_t rows_ = 0;
  int64_t entries_ = 0;
  int64_t nulls_ = 0;
  std::map<int32_t, int32_t> pages_;  // data pages by encoding
  std::vector<PageNote> notes_;
};

}  // namespace firn::lake
