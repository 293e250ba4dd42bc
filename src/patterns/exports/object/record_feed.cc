#include "patterns/exports/object/record_feed.h"

#include <string>

namespace firn::exports {
namespace {

// Records of one page: rows and bytes of JSON held in memory at once.
constexpr int64_t kRecordsPerPage = 10'000;
constexpr size_t kRecordBytesPerPage = 8U << 20;

}  // namespace

Result<void> FeedRecords(
    const Call& call, const Call& stop, salesforce::RecordStream& records,
    const std::function<Result<void>(const FedPage& page, std::string_view json)>& take) {
  uint64_t pages = 0;
  for (bool more = true; more;) {
    FIRN_CHECK(stop.Check());
    std::string json = "[";
    FedPage page{.ref = {.ordinal = pages++}};
    page.ref.name = "page " + std::to_string(page.ref.ordinal) + " of the REST query";
    page.ref.rows_expected = 0;
    while (page.ref.rows_expected < kRecordsPerPage && json.size() < kRecordBytesPerPage) {
      FIRN_TRY(const auto record, records.Next(call));
      more = record.has_value();
      if (!more) break;
      if (page.ref.rows_expected++ > 0) json += ',';
      json += *record;
    }
    json += ']';
    page.json_bytes = static_cast<int64_t>(json.size());
    FIRN_CHECK(take(page, json));
  }
  return {};
}

}  // namespace firn::exports
