#include "patterns/exports/window/deleted_ids.h"

#include <charconv>
#include <fstream>

#include "core/base/file.h"
#include "core/base/time_text.h"
#include "patterns/exports/verify/spill_buckets.h"

namespace firn::exports {
namespace {

constexpr std::chrono::minutes kRangeLeast{1};

bool IsNotOffered(const Error& error) {
  return error.kind() == Kind::kNotFound || error.kind() == Kind::kUnsupported ||
         error.kind() == Kind::kBadInput;
}

Result<void> FetchRange(const Call& call, const ExportParts& parts, const std::string& object,
                        const salesforce::TimeWindow& range, FileWriter& file, DeletedList& list) {
  auto deleted = parts.rest->Deleted(call, object, range);
  if (!deleted && deleted.error().code() == "SF-REST-010" &&
      range.end - range.start > 2 * kRangeLeast) {
    const UtcMicros middle = range.start + (range.end - range.start) / 2;
    FIRN_CHECK(FetchRange(call, parts, object, {range.start, middle}, file, list));
    return FetchRange(call, parts, object, {middle, range.end}, file, list);
  }
  if (!deleted) return Fail(std::move(deleted).error());
  for (const salesforce::DeletedId& record : deleted->records) {
    const auto when = ParseInstant(record.deleted_date);
    if (!when) return Fail(when.error());
    FIRN_CHECK(file.Append(IdLine(record.id, when->time_since_epoch().count())));
    ++list.ids;
  }
  list.covered_until = deleted->latest_date_covered;
  return {};
}

}  // namespace

std::string IdLine(std::string_view id, int64_t at_us) {
  return std::string(id) + "," + std::to_string(at_us) + "\n";
}

Result<DeletedList> FetchDeletedIds(const Call& call, const ExportParts& parts,
                                    const std::string& object, const DeletedRange& range,
                                    const std::string& path) {
  DeletedList list;
  FIRN_TRY(const auto file, FileWriter::Create(path, 0600));
  auto fetched = FetchRange(call, parts, object, {range.start, range.end}, *file, list);
  if (!fetched) {
    if (!IsNotOffered(fetched.error())) return Fail(std::move(fetched).error());
    list.offered = false;
    list.why = fetched.error().what();
  }
  FIRN_CHECK(file->Commit());
  FIRN_CHECK(SyncFolderOf(path));
  return list;
}

Result<void> EachListedId(const std::string& path,
                          const std::function<Result<void>(const ListedId&)>& each) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    const size_t comma = line.find(',');
    int64_t at_us = 0;
    const bool split = comma != std::string::npos && comma == IdText().size();
    const char* end = line.data() + line.size();
    if (!split || std::from_chars(line.data() + comma + 1, end, at_us).ptr != end) {
      return Fail(Error(Kind::kCorrupt, "EXPORT-STATE-002", "a list of Ids is damaged").At(path));
    }
    FIRN_CHECK(each(
        {.id = line.substr(0, comma), .deleted = UtcMicros(std::chrono::microseconds(at_us))}));
  }
  return {};
}

}  // namespace firn::exports
