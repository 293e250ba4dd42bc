// CSV records into the org.
#include "sandbox/api_error.h"
#include "sandbox/life/load.h"

namespace firn::sandbox {
namespace {

constexpr size_t kRowsPerBatch = 2000;
constexpr size_t kErrorsMax = 20;

tl::unexpected<Error> NotCsv(size_t row, const std::string& why) {
  return Fail(Error(Kind::kBadInput, "SBX-LOAD-001", "the data is not CSV")
                  .At("row " + std::to_string(row))
                  .Because(why));
}

// Cuts CSV into records, one a call.
class CsvRecords {
 public:
  explicit CsvRecords(std::string_view text) : rest_(text) {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
  }
  // False at the end.
  Result<bool> Next(std::vector<std::string>& cells) {
    cells.clear();
    if (rest_.empty()) return false;
    ++row_;
    for (;;) {
      FIRN_TRY(std::string cell, Cell());
      cells.push_back(std::move(cell));
      if (rest_.empty()) return true;
      const char end = rest_.front();
      rest_.remove_prefix(1);
      if (end == ',') continue;
      if (end == '\r' && rest_.starts_with('\n')) rest_.remove_prefix(1);
      return true;
    }
  }
  [[nodiscard]] size_t row() const { return row_; }

 private:
  Result<std::string> Cell() {
    std::string cell;
    if (!rest_.starts_with('"')) {
      const size_t end = std::min(rest_.find_first_of(",\r\n"), rest_.size());
      cell = rest_.substr(0, end);
      rest_.remove_prefix(end);
      return cell;
    }
    rest_.remove_prefix(1);
    for (;;) {
      const size_t quote = rest_.find('"');
      if (quote == std::string_view::npos) return NotCsv(row_, "a quote is not closed");
      cell += rest_.substr(0, quote);
      rest_.remove_prefix(quote + 1);
      if (!rest_.starts_with('"')) break;
      cell += '"';
      rest_.remove_prefix(1);
    }
    if (!rest_.empty() && std::string_view(",\r\n").find(rest_.front()) == std::string_view::npos) {
      return NotCsv(row_, "text follows a closing quote");
    }
    return cell;
  }

  std::string_view rest_;
  size_t row_ = 0;
};

struct Batch {
  std::vector<std::vector<std::string>> rows;
  size_t first_row = 0;
};

Result<void> Write(Org& org, const std::string& object, const std::vector<std::string>& header,
                   const Batch& batch, LoadReport& report) {
  std::vector<std::vector<Cell>> cells(batch.rows.size());
  std::vector<Mutation> mutations(batch.rows.size());
  for (size_t i = 0; i < batch.rows.size(); ++i) {
    for (size_t c = 0; c < header.size(); ++c) {
      const std::string& text = batch.rows[i][c];
      if (text.empty() || header[c] == "Id") continue;
      std::optional<std::string_view> value;
      if (text != "#N/A") value = text;
      cells[i].push_back({header[c], value});
    }
    mutations[i].object = object;
    mutations[i].cells = cells[i];
  }
  FIRN_TRY(const auto outcomes, org.Mutate(mutations, {.set_audit_fields = true}));
  for (size_t i = 0; i < outcomes.size(); ++i) {
    if (!outcomes[i].error) {
      ++report.loaded;
      continue;
    }
    ++report.failed;
    if (report.errors.size() >= kErrorsMax) continue;
    const ApiErrorParts parts = PartsOf(*outcomes[i].error);
    report.errors.push_back("row " + std::to_string(batch.first_row + i) + ": " + parts.code +
                            ": " + parts.message);
  }
  return {};
}

}  // namespace

Result<LoadReport> LoadCsv(Org& org, const CsvSource& source) {
  CsvRecords records(source.csv);
  std::vector<std::string> header;
  FIRN_TRY(const bool any, records.Next(header));
  if (!any) return NotCsv(1, "there is no header line");
  LoadReport report;
  Batch batch;
  std::vector<std::string> cells;
  for (;;) {
    FIRN_TRY(const bool more, records.Next(cells));
    if (more && cells.size() == 1 && cells[0].empty()) continue;
    if (more && cells.size() != header.size()) {
      return NotCsv(records.row(), "it has " + std::to_string(cells.size()) +
                                       " cells, the header " + std::to_string(header.size()));
    }
    if (more && batch.rows.empty()) batch.first_row = source.rows_before + records.row();
    if (more) batch.rows.push_back(cells);
    if (batch.rows.size() == kRowsPerBatch || (!more && !batch.rows.empty())) {
      FIRN_CHECK(Write(org, source.object, header, batch, report));
      batch.rows.clear();
    }
    if (!more) return report;
  }
}

}  // namespace firn::sandbox
