// ColumnValues: the cells of one source column, parsed by its described type into flat buffers.
// Internal to record. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/record/grow_buffer.h"
#include "core/record/layout.h"
#include "core/record/values.h"

namespace firn::record {

// The rows of one tokenised block.
struct BlockCells {
  const char* data = nullptr;      // kBlockPadding bytes behind it may be read
  const uint32_t* ends = nullptr;  // of the first row's first cell; ends[-1] is valid
  size_t columns = 0;              // cells a row
  size_t rows = 0;
  const uint32_t* row_map = nullptr;  // rows to take, in order; null: all
  const uint64_t* escaped = nullptr;  // bit a cell, counted from ends[0]: holds a doubled quote
  char delimiter = ',';
};

struct CellProblem {
  uint32_t row = 0;  // of the block
  uint16_t column = 0;
  ValueState state = ValueState::kFits;
};

class ColumnValues {
 public:
  // How the values lie in memory.
  enum class Form { kText, kTextList, kBoolean, kInt32, kInt64, kInt128, kDouble };

  ColumnValues(const SourceColumn& column, const Type& type, bool is_row_id);

  // Parses cell `position` of each row behind what is there. A cell that does not fit leaves some
  // value and a problem. False when the block's separators are not where they must be (malformed).
  [[nodiscard]] bool Append(const BlockCells& cells, size_t position, uint16_t column,
                            std::vector<CellProblem>& problems);

  struct Mark {
    size_t rows = 0;
    size_t text_bytes = 0;
    size_t elements = 0;
  };
  [[nodiscard]] Mark mark() const { return mark_; }
  void Rewind(const Mark& mark) { mark_ = mark; }

  [[nodiscard]] Form form() const { return form_; }
  [[nodiscard]] size_t rows() const { return mark_.rows; }
  [[nodiscard]] size_t text_bytes() const { return mark_.text_bytes; }
  [[nodiscard]] size_t elements() const { return mark_.elements; }
  [[nodiscard]] const uint8_t* valid() const { return valid_.data(); }  // 1 a row that is not null
  // kText: offsets of rows + 1; kTextList: offsets of elements + 1, and list_offsets of rows + 1.
  [[nodiscard]] const int32_t* offsets() const { return offsets_.data(); }
  [[nodiscard]] const int32_t* list_offsets() const { return list_offsets_.data(); }
  [[nodiscard]] const uint8_t* text() const { return text_.data(); }
  [[nodiscard]] const uint8_t* booleans() const { return booleans_.data(); }
  [[nodiscard]] const int32_t* ints() const { return ints_.data(); }
  [[nodiscard]] const int64_t* longs() const { return longs_.data(); }
  [[nodiscard]] const Int128* wides() const { return wides_.data(); }
  [[nodiscard]] const double* doubles() const { return doubles_.data(); }

 private:
  template <typename Parse>
  bool Loop(const BlockCells& cells, size_t position, uint16_t column,
            std::vector<CellProblem>& problems, Parse&& parse);
  template <bool kMapped, bool kLast, typename Parse>
  bool LoopOver(const BlockCells& cells, size_t position, uint16_t column,
                std::vector<CellProblem>& problems, Parse&& parse);
  bool AppendText(const BlockCells& cells, size_t position, uint16_t column,
                  std::vector<CellProblem>& problems);
  bool AppendIds(const BlockCells& cells, size_t position, uint16_t column,
                 std::vector<CellProblem>& problems);
  bool AppendLists(const BlockCells& cells, size_t position, uint16_t column,
                   std::vector<CellProblem>& problems);
  bool AppendNumbers(const BlockCells& cells, size_t position, uint16_t column,
                     std::vector<CellProblem>& problems);
  bool AppendTimes(const BlockCells& cells, size_t position, uint16_t column,
                   std::vector<CellProblem>& problems);

  Form form_ = Form::kText;
  DescribeType described_;
  TypeId type_;
  DecimalShape shape_;
  int64_t limit_ = 0;  // 10^precision, of a decimal of at most 18 digits
  bool is_row_id_;     // of the record itself: must be there and be an Id
  Mark mark_;
  GrowBuffer<uint8_t> valid_;
  GrowBuffer<int32_t> offsets_;
  GrowBuffer<int32_t> list_offsets_;
  GrowBuffer<uint8_t> text_;
  GrowBuffer<uint8_t> booleans_;
  GrowBuffer<int32_t> ints_;
  GrowBuffer<int64_t> longs_;
  GrowBuffer<Int128> wides_;
  GrowBuffer<double> doubles_;
};

// The bytes between a cell's quotes as they stand there, doubled quotes included.
[[nodiscard]] std::string_view RawCell(const BlockCells& cells, size_t row, size_t position);

}  // namespace firn::record
