#include "sandbox/bulk/csv_rows.h"

#include <array>
#include <cstring>
#include <utility>

namespace firn::sandbox {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

CsvRows::CsvRows(std::string_view bytes, CsvFormat format) : bytes_(bytes), format_(format) {
  if (bytes_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
}

size_t CsvRows::LineEndAt(size_t at) const {
  if (bytes_[at] == '\n') return 1;
  return format_.crlf && bytes_[at] == '\r' && at + 1 < bytes_.size() && bytes_[at + 1] == '\n' ? 2
                                                                                                : 0;
}

void CsvRows::SkipLine() {
  const size_t end = bytes_.find('\n', at_);
  at_ = end == std::string_view::npos ? bytes_.size() : end + 1;
}

CsvRows::Row CsvRows::Next(std::vector<std::string_view>& cells) {
  cells.clear();
  while (at_ < bytes_.size()) {
    const size_t blank = LineEndAt(at_);
    if (blank == 0) break;
    at_ += blank;
  }
  row_ = at_;
  if (at_ >= bytes_.size()) return Row::kEnd;
  bool last = false;
  while (!last) {
    if (Cell(cells, last)) continue;
    SkipLine();
    return Row::kBroken;
  }
  return Row::kRow;
}

bool CsvRows::Cell(std::vector<std::string_view>& cells, bool& last) {
  std::string_view cell;
  if (at_ < bytes_.size() && bytes_[at_] == '"') {
    if (!QuotedCell(cell)) return false;
  } else {
    const size_t start = at_;
    while (at_ < bytes_.size() && bytes_[at_] != format_.delimiter && LineEndAt(at_) == 0) {
      if (bytes_[at_] == '"') return false;  // a quote may not begin within a cell
      ++at_;
    }
    cell = bytes_.substr(start, at_ - start);
  }
  cells.push_back(cell);
  if (at_ >= bytes_.size()) {
    last = true;
    return true;
  }
  if (bytes_[at_] == format_.delimiter) {
    ++at_;
    return true;
  }
  const size_t end = LineEndAt(at_);
  at_ += end;
  last = true;
  return end > 0;
}

bool CsvRows::QuotedCell(std::string_view& cell) {
  const size_t start = ++at_;
  std::string* text = nullptr;
  size_t piece = start;
  for (;;) {
    const size_t quote = bytes_.find('"', at_);
    if (quote == std::string_view::npos) {
      at_ = bytes_.size();
      return false;
    }
    at_ = quote + 1;
    const bool escaped = at_ < bytes_.size() && bytes_[at_] == '"';
    if (!escaped) {
      if (text == nullptr) {
        cell = bytes_.substr(start, quote - start);
      } else {
        text->append(bytes_.substr(piece, quote - piece));
        cell = *text;
      }
      // What follows must be a delimiter or the line's end: the caller looks.
      return at_ >= bytes_.size() || bytes_[at_] == format_.delimiter || LineEndAt(at_) > 0;
    }
    if (text == nullptr) text = &texts_.emplace_back();
    text->append(bytes_.substr(piece, at_ - piece));
    piece = ++at_;
  }
}

void AppendCsvCell(std::string_view text, std::string& out) {
  out += '"';
  size_t start = 0;
  for (size_t at = text.find('"'); at != std::string_view::npos; at = text.find('"', at + 1)) {
    out.append(text, start, at + 1 - start);
    out += '"';
    start = at + 1;
  }
  out.append(text, start, text.size() - start);
  out += '"';
}

char DelimiterOf(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, char>, 6> kDelimiters{{{"BACKQUOTE", '`'},
                                                                          {"CARET", '^'},
                                                                          {"COMMA", ','},
                                                                          {"PIPE", '|'},
                                                                          {"SEMICOLON", ';'},
                                                                          {"TAB", '\t'}}};
  for (const auto& [known, delimiter] : kDelimiters) {
    if (known == name) return delimiter;
  }
  return 0;
}

}  // namespace firn::sandbox
