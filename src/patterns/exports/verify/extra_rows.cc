#include "patterns/exports/verify/extra_rows.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/base/time_text.h"
#include "patterns/exports/object/layout_for.h"

namespace firn::exports {
namespace {

constexpr size_t kIdsPerQuery = 200;
// getDeleted looks at most 15 days back (REST API Developer Guide, "sObject Get Deleted").
constexpr std::chrono::hours kDeletedLookBack{15 * 24 - 1};

struct Found {
  bool deleted = false;
  std::string stamp;
};
using FoundById = std::map<std::string, Found, std::less<>>;

Result<void> Ask(const Call& call, const ExportParts& parts, const std::string& soql,
                 const std::string& stamp, FoundById& found) {
  FIRN_TRY(const auto records, parts.rest->Query(call, {.soql = soql, .all_rows = true}));
  for (;;) {
    FIRN_TRY(const auto text, records->Next(call));
    if (!text) return {};
    const auto record = nlohmann::json::parse(*text, nullptr, false);
    if (!record.is_object()) continue;
    Found& one = found[record.value("Id", "")];
    if (record.contains("IsDeleted") && record["IsDeleted"].is_boolean()) {
      one.deleted = record["IsDeleted"].get<bool>();
    }
    if (!stamp.empty() && record.contains(stamp) && record[stamp].is_string()) {
      one.stamp = record[stamp].get<std::string>();
    }
  }
}

// Ids that the org no longer knows, with when they were deleted.
std::map<std::string, std::string> GoneForGood(const Call& call, const ExportParts& parts,
                                               const std::string& object, UtcMicros since) {
  std::map<std::string, std::string> gone;
  const auto now = parts.rest->OrgTime(call);
  if (!now) return gone;
  const UtcMicros start = std::max(since - std::chrono::minutes(2), *now - kDeletedLookBack);
  // An object without replication has no such list; then nothing is explained by it.
  const auto deleted = parts.rest->Deleted(call, object, {start, *now + std::chrono::minutes(1)});
  if (!deleted) return gone;
  for (const salesforce::DeletedId& record : deleted->records) {
    gone[record.id] = record.deleted_date;
  }
  return gone;
}

}  // namespace

Result<void> ExplainExtras(const Call& call, const ExportParts& parts, const ObjectSpec& spec,
                           const ExtraQuestion& question, std::vector<DifferentRow>& rows) {
  const std::string stamp = CursorFieldOf(question.describe);
  const bool tells_deleted = question.describe.find("\"IsDeleted\"") != std::string::npos;
  FoundById found;
  for (size_t from = 0; from < rows.size(); from += kIdsPerQuery) {
    std::string soql = "SELECT Id";
    if (tells_deleted) soql += ", IsDeleted";
    if (!stamp.empty()) soql += ", " + stamp;
    soql += " FROM " + spec.object + " WHERE Id IN (";
    for (size_t i = from; i < std::min(rows.size(), from + kIdsPerQuery); ++i) {
      soql += (i == from ? "'" : ",'") + rows[i].id + "'";
    }
    FIRN_CHECK(Ask(call, parts, soql + ")", stamp, found));
  }
  if (!question.since) return {};
  const UtcMicros since = *question.since;
  const auto gone = found.size() < rows.size() ? GoneForGood(call, parts, spec.object, since)
                                               : std::map<std::string, std::string>();
  for (DifferentRow& row : rows) {
    const auto one = found.find(row.id);
    const auto lost = gone.find(row.id);
    if (one != found.end()) row.stamp = one->second.stamp;
    if (one == found.end() && lost != gone.end()) row.stamp = lost->second;
    const auto at = ParseInstant(row.stamp);
    if (!at || *at < since) continue;
    const bool deleted = one == found.end() || one->second.deleted;
    row.explanation = (deleted ? "deleted after the " : "changed after the ") + question.mark;
  }
  return {};
}

}  // namespace firn::exports
