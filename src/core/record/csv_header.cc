#include "core/record/csv_header.h"

#include "core/record/column_values.h"
#include "core/record/csv_tokens.h"

namespace firn::record {

Result<std::vector<std::string>> CsvHeader(std::string_view begin, char delimiter) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (begin.starts_with(kByteOrderMark)) begin.remove_prefix(kByteOrderMark.size());
  const std::string padded = std::string(begin) + std::string(kBlockPadding, '\0');
  CsvTokens tokens;
  tokens.Find(padded.data(), begin.size(), delimiter);
  size_t count = 0;
  while (count < tokens.cells() && begin[tokens.ends()[count]] != '\n') ++count;
  if (count == tokens.cells()) {
    return Fail(Error(Kind::kCorrupt, "REC-PAGE-001", "the page is cut short")
                    .Because("its header row has no end"));
  }
  ++count;
  const BlockCells cells{.data = padded.data(), .ends = tokens.ends(), .columns = count, .rows = 1};
  std::vector<std::string> names;
  for (size_t i = 0; i < count; ++i) names.emplace_back(RawCell(cells, 0, i));
  return names;
}

}  // namespace firn::record
