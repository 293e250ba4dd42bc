#include "patterns/events/lake/repair.h"

#include <algorithm>

#include "core/base/time_text.h"
#include "core/record/json_rows.h"

namespace firn::events {
namespace {

// An `IN` of 200 ids takes some 5 KB of the 16 KB that an address may have.
constexpr size_t kIdsPerQuery = 200;
constexpr size_t kRecordsPerBatch = 2'000;

// `"IsDeleted":true` at the top of a record; the text is the org's own JSON, without blanks or
// with one behind the colon.
bool IsDeleted(std::string_view json) {
  return json.find("\"IsDeleted\":true") != std::string_view::npos ||
         json.find("\"IsDeleted\" : true") != std::string_view::npos ||
         json.find("\"IsDeleted\": true") != std::string_view::npos;
}

// The record's own `Id`, not one of a parent: those are not selected.
std::string IdOf(std::string_view json) {
  const size_t key = json.find("\"Id\"");
  if (key == std::string_view::npos) return "";
  const size_t begin = json.find('"', json.find(':', key));
  const size_t end = begin == std::string_view::npos ? begin : json.find('"', begin + 1);
  return end == std::string_view::npos ? "" : std::string(json.substr(begin + 1, end - begin - 1));
}

class Reader {
 public:
  Reader(const Call& call, salesforce::RestClient& rest, const RepairQuery& query,
         const TakeRepaired& take)
      : call_(call), rest_(rest), query_(query), take_(take) {}

  Result<void> Read(const std::string& where, bool all_rows) {
    if (page_ == nullptr) {
      FIRN_TRY(page_, RowPage::New(query_.layout));
    }
    salesforce::WideQuery wide;
    wide.object = query_.layout.object;
    for (const auto& column : query_.layout.columns) wide.fields.push_back(column.name);
    wide.stamp_field = query_.stamp_field;
    wide.where = where;
    wide.all_rows = all_rows;
    FIRN_TRY(const auto stream, rest_.QueryWide(call_, wide));
    while (true) {
      FIRN_TRY(const auto record, stream->Next(call_));
      if (!record) break;
      Add(*record);
      if (count_ >= kRecordsPerBatch) FIRN_CHECK(Flush());
    }
    return Flush();
  }

 private:
  void Add(std::string_view record) {
    ++count_;
    if (IsDeleted(record)) {
      out_.deleted.push_back(IdOf(record));
      return;
    }
    records_ += records_.empty() ? "[" : ",";
    records_ += record;
  }

  Result<void> Flush() {
    if (!records_.empty()) {
      records_ += "]";
      FIRN_TRY(auto csv, record::CsvFromRecords(records_, query_.layout));
      page_->AddCsv(std::move(csv.csv), csv.rows);
      FIRN_TRY(out_.rows, page_->Take());
    }
    const bool any = count_ > 0;
    records_.clear();
    count_ = 0;
    return any ? take_(std::exchange(out_, {})) : Result<void>();
  }

  const Call& call_;
  salesforce::RestClient& rest_;
  const RepairQuery& query_;
  const TakeRepaired& take_;
  std::unique_ptr<RowPage> page_;
  std::string records_;
  size_t count_ = 0;
  RepairedRows out_;
};

}  // namespace

Result<void> ReadByIds(const Call& call, salesforce::RestClient& rest, const RepairQuery& query,
                       const std::vector<std::string>& ids, const TakeRepaired& take) {
  Reader reader(call, rest, query, take);
  for (size_t from = 0; from < ids.size(); from += kIdsPerQuery) {
    std::string where = "Id IN (";
    for (size_t i = from; i < std::min(ids.size(), from + kIdsPerQuery); ++i) {
      where += (i == from ? "'" : ",'") + ids[i] + "'";
    }
    FIRN_CHECK(reader.Read(where + ")", false));
  }
  return {};
}

Result<void> ReadSince(const Call& call, salesforce::RestClient& rest, const RepairQuery& query,
                       UtcMicros since, const TakeRepaired& take) {
  const std::string where = query.stamp_field + " >= " + FormatUtc(since, 0);
  return Reader(call, rest, query, take).Read(where, true);
}

}  // namespace firn::events
