// The answer to a GET of `jobs/query` or `jobs/ingest`: jobs in pages of a thousand, oldest first.
//
// Pure; any thread. Source: Bulk API 2.0 and Bulk API Developer Guide, 'Get Information About All
// Query Jobs', 'Get Information About All Ingest Jobs', read 2026-11.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/api_request.h"

namespace firn::sandbox {

inline constexpr size_t kJobsPerPage = 1000;

struct JobKind {
  std::string_view resource;  // `query`
  std::string_view job_type;  // `V2Query`
};

struct JobListWish {
  int64_t after = 0;  // number of the last job that the client has
  bool none = false;  // the filters leave no job of this kind
};

struct ListedJob {
  int64_t number = 0;
  std::string json;
};

// Reads queryLocator, jobType, concurrencyMode and isPkChunkingEnabled. An answer: it refuses.
[[nodiscard]] std::optional<Answer> ReadJobListWish(const ApiRequest& request, const JobKind& kind,
                                                    JobListWish& wish);
// One job more than a page holds means that there are more.
[[nodiscard]] Answer JobListAnswer(const ApiRequest& request, const JobKind& kind,
                                   std::vector<ListedJob> jobs);

}  // namespace firn::sandbox
