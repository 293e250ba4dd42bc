#include "core/record/page_decoder.h"

#include <simdjson.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "core/record/batch_arrays.h"
#include "core/record/column_values.h"
#include "core/record/csv_tokens.h"
#include "core/record/page_header.h"

namespace firn::record {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool IsValidUtf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

int64_t CountNuls(std::string_view text) {
  int64_t count = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  while ((at = static_cast<const char*>(std::memchr(at, '\0', static_cast<size_t>(end - at)))) !=
         nullptr) {
    ++count;
    ++at;
  }
  return count;
}

class Decoder final : public PageDecoder {
 public:
  Decoder(const Layout& layout, const DecoderOptions& options)
      : layout_(layout), options_(options), arrays_(layout_) {
    for (const SourceColumn& column : layout_.columns) {
      const Field& field = layout_.schema.fields[static_cast<size_t>(column.field_index)];
      columns_.emplace_back(column, field.type,
                            column.type == DescribeType::kId && field.name == "Id");
    }
    id_column_ = layout_.ColumnIndex("Id");
    Grow(options_.block_bytes);
  }

  void StartPage() override {
    filled_ = 0;
    header_done_ = false;
    counts_ = {};
  }

  std::span<char> Room() override { return {block_.get() + filled_, room_ - filled_}; }
  void Filled(size_t bytes) override {
    filled_ += bytes;
    counts_.csv_bytes += static_cast<int64_t>(bytes);
  }

  Result<void> Decode(bool last) override;
  const PageCounts& counts() const override { return counts_; }
  std::vector<RowNote> TakeNotes() override { return std::exchange(notes_, {}); }

  int64_t rows_waiting() const override { return taken_ ? 0 : Rows(); }
  bool BatchReady() const override {
    if (taken_) return false;
    if (Rows() >= options_.batch_rows) return true;
    return std::any_of(columns_.begin(), columns_.end(), [&](const ColumnValues& column) {
      return static_cast<int64_t>(column.text_bytes()) >= options_.batch_text_bytes;
    });
  }
  std::shared_ptr<arrow::RecordBatch> TakeBatch() override {
    taken_ = true;
    return arrays_.Wrap(columns_);
  }
  void DropBatch() override { taken_ = true; }

 private:
  [[nodiscard]] int64_t Rows() const { return static_cast<int64_t>(columns_.front().rows()); }
  void Grow(size_t bytes);
  void ForgetTakenBatch();
  Result<void> TakeHeader(const char*& data, size_t& first_cell);
  Result<void> DecodeRows(BlockCells cells);
  bool AppendAll(const BlockCells& cells, std::vector<CellProblem>& problems);
  void FindInvalidUtf8(const BlockCells& cells, std::vector<CellProblem>& problems) const;
  void MarkEscaped(size_t first_cell, size_t cells);
  void RejectRows(BlockCells cells, std::vector<CellProblem>& problems);
  RowNote NoteFor(const BlockCells& cells, const CellProblem& problem) const;
  [[nodiscard]] Error Malformed(const BlockCells& cells) const;
  [[nodiscard]] Error CutShort() const;
  [[nodiscard]] Result<void> CheckRest(std::string_view rest, size_t first_cell, size_t rows) const;
  [[nodiscard]] std::string_view RowText(const BlockCells& cells, size_t row) const;

  Layout layout_;
  DecoderOptions options_;
  BatchArrays arrays_;
  std::vector<ColumnValues> columns_;  // as layout_.columns
  int id_column_ = -1;
  std::vector<size_t> positions_;  // of each column in the page's rows
  size_t cells_per_row_ = 0;
  bool header_done_ = false;

  std::unique_ptr<char[]> block_;
  size_t room_ = 0;
  size_t filled_ = 0;
  CsvTokens tokens_;
  std::vector<uint64_t> escaped_;
  std::vector<CellProblem> problems_;
  std::vector<RowNote> notes_;
  PageCounts counts_;
  bool taken_ = false;  // the rows in the columns were handed out
};

void Decoder::Grow(size_t bytes) {
  auto block = std::make_unique_for_overwrite<char[]>(bytes + kBlockPadding);
  if (filled_ > 0) std::memcpy(block.get(), block_.get(), filled_);
  std::memset(block.get() + bytes, 0, kBlockPadding);
  block_ = std::move(block);
  room_ = bytes;
}

void Decoder::ForgetTakenBatch() {
  if (!std::exchange(taken_, false)) return;
  for (ColumnValues& column : columns_) column.Rewind({});
}

Error Decoder::CutShort() const {
  return Error(Kind::kCorrupt, "REC-PAGE-001", "the page is cut short")
      .Because(header_done_ ? "row " + std::to_string(counts_.rows_received + 1) + " has no end"
                            : "its header row has no end")
      .Hint("if this file is whole, add a line end to its last row");
}

Result<void> Decoder::Decode(bool last) {
  if (!last && filled_ < room_) return {};
  ForgetTakenBatch();
  const char* data = block_.get();
  size_t size = filled_;
  if (!header_done_ && std::string_view(data, size).starts_with(kByteOrderMark)) {
    data += kByteOrderMark.size();
    size -= kByteOrderMark.size();
  }
  if (last && size == 0) return header_done_ ? Result<void>{} : Fail(CutShort());
  tokens_.Find(data, size, options_.delimiter, options_.vector_instructions);
  size_t first_cell = 0;
  const bool had_header = header_done_;
  if (!header_done_) FIRN_CHECK(TakeHeader(data, first_cell));
  size_t used = 0;
  size_t rows = 0;
  if (header_done_) {
    rows = (tokens_.cells() - first_cell) / cells_per_row_;
    const size_t next_cell = first_cell + rows * cells_per_row_;
    used = tokens_.ends()[static_cast<ptrdiff_t>(next_cell) - 1] + 1U;
    if (rows > 0) {
      MarkEscaped(first_cell, rows * cells_per_row_);
      FIRN_CHECK(DecodeRows({.data = data,
                             .ends = tokens_.ends() + first_cell,
                             .columns = cells_per_row_,
                             .rows = rows,
                             .escaped = escaped_.data(),
                             .delimiter = options_.delimiter}));
    }
  }
  if (last && used < size) FIRN_CHECK(CheckRest({data + used, size - used}, first_cell, rows));
  if (last) used = size;
  if (rows == 0 && had_header == header_done_ && !last) {
    // Not one whole row in a full block.
    if (room_ >= options_.row_bytes_max) {
      return Fail(Error(Kind::kCorrupt, "REC-PAGE-003", "the page is malformed CSV")
                      .Because("row " + std::to_string(counts_.rows_received + 1) +
                               " is larger than " + std::to_string(options_.row_bytes_max) +
                               " bytes, or a quote in it is never closed"));
    }
    Grow(room_ * 2);
    return {};
  }
  // What is left begins the next block.
  const size_t left = size - used;
  std::memmove(block_.get(), data + used, left);
  filled_ = left;
  return {};
}

// What stands behind the last whole row of a page: empty lines are passed over.
Result<void> Decoder::CheckRest(std::string_view rest, size_t first_cell, size_t rows) const {
  if (rest.find_first_not_of("\r\n") == std::string_view::npos) return {};
  if (!header_done_ || tokens_.open_quote() || rest.back() != '\n') return Fail(CutShort());
  const size_t cells = tokens_.cells() - first_cell - rows * cells_per_row_;
  return Fail(Error(Kind::kCorrupt, "REC-PAGE-003", "the page is malformed CSV")
                  .Because("its last row has " + std::to_string(cells) + " cells, not " +
                           std::to_string(cells_per_row_)));
}

Result<void> Decoder::TakeHeader(const char*& data, size_t& first_cell) {
  const uint32_t* ends = tokens_.ends();
  size_t count = 0;
  while (count < tokens_.cells() && data[ends[count]] != '\n') ++count;
  if (count == tokens_.cells()) return {};  // its end has not come yet
  ++count;
  FIRN_TRY(positions_,
           MatchHeader({.data = data, .ends = ends, .columns = count, .rows = 1}, layout_));
  cells_per_row_ = count;
  first_cell = count;
  header_done_ = true;
  return {};
}

void Decoder::MarkEscaped(size_t first_cell, size_t cells) {
  escaped_.assign(cells / 64 + 1, 0);
  for (const uint32_t cell : tokens_.escaped()) {
    if (cell < first_cell || cell >= first_cell + cells) continue;
    const size_t at = cell - first_cell;
    escaped_[at / 64] |= 1ULL << (at % 64);
  }
}

bool Decoder::AppendAll(const BlockCells& cells, std::vector<CellProblem>& problems) {
  bool fine = true;
  for (size_t i = 0; i < columns_.size(); ++i) {
    fine &= columns_[i].Append(cells, positions_[i], static_cast<uint16_t>(i), problems);
  }
  return fine;
}

Result<void> Decoder::DecodeRows(BlockCells cells) {
  std::vector<ColumnValues::Mark> marks;
  for (const ColumnValues& column : columns_) marks.push_back(column.mark());
  const size_t cell_count = cells.rows * cells.columns;
  const size_t begin = cells.ends[-1] + 1U;
  const std::string_view text(cells.data + begin, cells.ends[cell_count - 1] + 1U - begin);
  problems_.clear();
  if (!IsValidUtf8(text)) FindInvalidUtf8(cells, problems_);
  const bool stray =
      tokens_.stray_quote_cell() < static_cast<size_t>(cells.ends - tokens_.ends()) + cell_count;
  if (!AppendAll(cells, problems_) || stray) return Fail(Malformed(cells));
  counts_.nuls_seen += CountNuls(text);
  if (!problems_.empty()) {
    const bool any_rejected = std::any_of(
        problems_.begin(), problems_.end(),
        [](const CellProblem& problem) { return problem.state > ValueState::kRounded; });
    if (any_rejected) {
      for (size_t i = 0; i < columns_.size(); ++i) columns_[i].Rewind(marks[i]);
    }
    RejectRows(cells, problems_);
  }
  counts_.rows_received += static_cast<int64_t>(cells.rows);
  counts_.rows_kept = counts_.rows_received - counts_.rows_rejected;
  return {};
}

void Decoder::FindInvalidUtf8(const BlockCells& cells, std::vector<CellProblem>& problems) const {
  for (size_t row = 0; row < cells.rows; ++row) {
    if (IsValidUtf8(RowText(cells, row))) continue;
    uint16_t column = 0;
    while (column + 1U < columns_.size() && IsValidUtf8(RawCell(cells, row, positions_[column]))) {
      ++column;
    }
    problems.push_back({static_cast<uint32_t>(row), column, ValueState::kNotUtf8});
  }
}

// Notes every problem, one a rejected row, and decodes the block again without the rejected rows
// (the columns stand where they stood before the block).
void Decoder::RejectRows(BlockCells cells, std::vector<CellProblem>& problems) {
  std::sort(problems.begin(), problems.end(), [](const auto& a, const auto& b) {
    // Within a row the rejecting problem comes first, then the order of the columns.
    return std::tuple(a.row, a.state <= ValueState::kRounded, a.column, a.state) <
           std::tuple(b.row, b.state <= ValueState::kRounded, b.column, b.state);
  });
  std::vector<bool> rejected(cells.rows, false);
  bool any = false;
  for (const CellProblem& problem : problems) {
    if (rejected[problem.row]) continue;
    if (problem.state == ValueState::kRounded) {
      ++counts_.values_rounded;
    } else {
      rejected[problem.row] = true;
      any = true;
      ++counts_.rows_rejected;
    }
    notes_.push_back(NoteFor(cells, problem));
  }
  if (!any) return;
  std::vector<uint32_t> keep;
  for (uint32_t row = 0; row < cells.rows; ++row) {
    if (!rejected[row]) keep.push_back(row);
  }
  cells.rows = keep.size();
  cells.row_map = keep.data();
  std::vector<CellProblem> again;  // roundings, noted already
  const bool fine = AppendAll(cells, again);
  FIRN_ASSERT(fine);
}

std::string_view Decoder::RowText(const BlockCells& cells, size_t row) const {
  const size_t first = row * cells.columns;
  const size_t begin = cells.ends[static_cast<ptrdiff_t>(first) - 1] + 1U;
  const size_t end = cells.ends[first + cells.columns - 1];
  return {cells.data + begin, end - begin};
}

RowNote Decoder::NoteFor(const BlockCells& cells, const CellProblem& problem) const {
  RowNote note;
  const bool rounded = problem.state == ValueState::kRounded;
  note.kind = rounded ? RowNote::Kind::kRounded : RowNote::Kind::kRejected;
  note.row = static_cast<uint64_t>(counts_.rows_received) + problem.row + 1;
  const SourceColumn& column = layout_.columns[problem.column];
  const Field& field = layout_.schema.fields[static_cast<size_t>(column.field_index)];
  note.field = column.name;
  note.reason = std::string(ReasonText(problem.state));
  if (field.type.id != TypeId::kString) note.reason += " for " + TypeText(field.type);
  if (id_column_ >= 0) {
    const std::string_view id =
        RawCell(cells, problem.row, positions_[static_cast<size_t>(id_column_)]);
    if (IsIdText(id)) note.id = id;
  }
  note.text = rounded ? RawCell(cells, problem.row, positions_[problem.column])
                      : RowText(cells, problem.row);
  return note;
}

// Which row it is, found slowly.
Error Decoder::Malformed(const BlockCells& cells) const {
  size_t bad = tokens_.stray_quote_cell();
  const auto first = static_cast<size_t>(cells.ends - tokens_.ends());
  bad = bad == SIZE_MAX ? cells.rows : (bad - std::min(bad, first)) / cells.columns;
  std::string why = "a quote stands inside an unquoted cell, or behind a closing one";
  for (size_t row = 0; row < std::min(bad, cells.rows); ++row) {
    bool unclosed = false;
    for (size_t at = 0; at < cells.columns; ++at) {
      const std::string_view cell = RawCell(cells, row, at);
      unclosed = unclosed || cell.starts_with('"') != cell.ends_with('"');
    }
    if (unclosed) {
      bad = row;
      break;
    }
    size_t columns = 1;
    const size_t start = row * cells.columns;
    while (columns < cells.columns && cells.data[cells.ends[start + columns - 1]] != '\n') {
      ++columns;
    }
    const bool ends_row = cells.data[cells.ends[start + cells.columns - 1]] == '\n';
    if (columns == cells.columns && ends_row) continue;
    bad = row;
    why = columns < cells.columns
              ? "it has " + std::to_string(columns) + " cells, not " + std::to_string(cells.columns)
              : "it has more than " + std::to_string(cells.columns) + " cells";
    break;
  }
  return Error(Kind::kCorrupt, "REC-PAGE-003", "the page is malformed CSV")
      .Because("row " + std::to_string(static_cast<size_t>(counts_.rows_received) + bad + 1) +
               ": " + why);
}

}  // namespace

Result<std::unique_ptr<PageDecoder>> PageDecoder::New(const Layout& layout,
                                                      const DecoderOptions& options) {
  FIRN_ASSERT(!layout.columns.empty() && options.block_bytes >= 64);
  if (layout.columns.size() > UINT16_MAX || options.delimiter == '"' || options.delimiter == '\n' ||
      options.delimiter == '\r') {
    return Fail(Kind::kBadInput, "REC-LAYOUT-003",
                "the layout or the delimiter cannot be used to read CSV");
  }
  return std::unique_ptr<PageDecoder>(std::make_unique<Decoder>(layout, options));
}

}  // namespace firn::record
