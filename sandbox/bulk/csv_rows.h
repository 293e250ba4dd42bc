// Rows of a CSV file that a client uploaded, as views into its bytes.
//
// RFC 4180 with the delimiter and line ending of the job; a byte order mark is skipped, blank lines
// are no rows. One thread; never fails on bytes: a row that breaks the rules is told as such and
// the next one starts at the next line. Source: Bulk API 2.0 and Bulk API Developer Guide, 'Prepare
// CSV Files', read 2026-11.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace firn::sandbox {

struct CsvFormat {
  char delimiter = ',';
  bool crlf = false;
};

class CsvRows {
 public:
  enum class Row { kRow, kBroken, kEnd };

  // `bytes` must outlive the reader and the cells it gives.
  CsvRows(std::string_view bytes, CsvFormat format);
  // The next row's cells, unescaped. kBroken: `cells` are those before the fault.
  [[nodiscard]] Row Next(std::vector<std::string_view>& cells);
  // Where the next row begins. May be set to an offset got from it before.
  [[nodiscard]] size_t offset() const { return at_; }
  void Seek(size_t offset) { at_ = offset; }
  // The bytes of the last row, its line ending included.
  [[nodiscard]] std::string_view raw() const { return bytes_.substr(row_, at_ - row_); }
  // Frees the texts of cells that had to be unescaped; the cells given so far are void then.
  void Release() { texts_.clear(); }

 private:
  [[nodiscard]] bool Cell(std::vector<std::string_view>& cells, bool& last);
  [[nodiscard]] bool QuotedCell(std::string_view& cell);
  // At a line's end: its length; 0 elsewhere.
  [[nodiscard]] size_t LineEndAt(size_t at) const;
  void SkipLine();

  std::string_view bytes_;
  CsvFormat format_;
  size_t at_ = 0;
  size_t row_ = 0;
  std::deque<std::string> texts_;
};

// A cell as results show it: quoted, inner quotes doubled.
void AppendCsvCell(std::string_view text, std::string& out);

// The character of `COMMA`, `TAB` ..; 0 when there is none of that name.
[[nodiscard]] char DelimiterOf(std::string_view name);

}  // namespace firn::sandbox
