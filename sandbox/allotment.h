// The daily allotments that the sandbox counts, and how large they are.
#pragma once

#include <cstddef>
#include <cstdint>

namespace firn::sandbox {

enum class Allotment { kApiRequests, kBulkQueryJobs, kBulkQueryBytes };
inline constexpr size_t kAllotments = 3;

// The daily limits. Defaults: an Enterprise Edition org of 15 users (100,000 + 1,000 a licence);
// Bulk API 2.0: 10,000 query jobs and 1 TB of results. Source: Salesforce Developer Limits and
// Allocations Quick Reference, "API Request Limits", "Bulk API and Bulk API 2.0", read 2026-11.
struct DailyLimits {
  int64_t api_requests = 115'000;
  int64_t bulk_query_jobs = 10'000;
  int64_t bulk_query_bytes = 976'562LL << 20;  // the /limits key counts megabytes

  [[nodiscard]] int64_t Max(Allotment allotment) const {
    return allotment == Allotment::kApiRequests     ? api_requests
           : allotment == Allotment::kBulkQueryJobs ? bulk_query_jobs
                                                    : bulk_query_bytes;
  }
};

}  // namespace firn::sandbox
