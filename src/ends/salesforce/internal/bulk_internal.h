// What the sources of the Bulk client share. Private to the room.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "ends/salesforce/bulk.h"
#include "ends/salesforce/internal/connection.h"

namespace firn::salesforce {

struct BulkParts {
  Connection* connection = nullptr;
  BulkOptions options;
  std::string version;  // `66.0`
};
[[nodiscard]] std::unique_ptr<BulkClient> NewBulkClient(BulkParts parts);

// Bodies of answers. Errors: Corrupt SF-BULK-009.
[[nodiscard]] Result<Job> ParseJob(const std::string& org, std::string_view body);
[[nodiscard]] Result<JobPage> ParseJobPage(const std::string& org, std::string_view body);
[[nodiscard]] Result<PageUrls> ParsePageUrls(const std::string& org, std::string_view body);
[[nodiscard]] std::string CreateJobBody(const QuerySpec& query);
// The end of a job that did not complete, as an error; nothing while it may still complete.
[[nodiscard]] Result<void> CheckJobEnd(const std::string& org, const Job& job);

// `jobs` that can be ours: made by `user_id` for `query` at or after `since` by the org's clock.
struct Wanted {
  const QuerySpec* query = nullptr;
  std::string user_id;
  UtcMicros since;
};
enum class Match { kNo, kMaybe, kYes };  // kMaybe: all fits, but the org does not tell the query
[[nodiscard]] Match Matches(const Job& job, const Wanted& wanted);

}  // namespace firn::salesforce
