// The daily allotments that the sandbox counts, and how large they are.
#pragma once

#include <cstddef>
#include <cstdint>

namespace firn::sandbox {

enum class Allotment {
  kApiRequests,
  kBulkQueryJobs,
  kBulkQueryBytes,
  kDeliveredEvents,  // to subscribers of the Pub/Sub API
  kPublishedEvents,  // over an hour, not a day
  kBulkBatches,      // of ingest
  kBulkRows,         // of ingest
};
inline constexpr size_t kAllotments = 7;

// The daily limits. Defaults: an Enterprise Edition org of 15 users (100,000 + 1,000 a licence);
// Bulk API 2.0: 10,000 query jobs and 1 TB of results, 15,000 ingest batches (with those of its
// predecessor) and 150 million rows. Source: Salesforce Developer Limits and Allocations Quick
// Reference, "API Request Limits", "Bulk API and Bulk API 2.0"; Platform Events Developer Guide,
// "Platform Event Allocations" (25,000 deliveries a day and 100,000 more with each add-on, of which
// this org has ten; 250,000 publications an hour), read 2026-11.
struct DailyLimits {
  int64_t api_requests = 115'000;
  int64_t bulk_query_jobs = 10'000;
  int64_t bulk_query_bytes = 976'562LL << 20;  // the /limits key counts megabytes
  int64_t delivered_events = 1'025'000;
  int64_t published_events = 250'000;
  int64_t bulk_batches = 15'000;
  int64_t bulk_rows = 150'000'000;

  [[nodiscard]] int64_t Max(Allotment allotment) const {
    switch (allotment) {
      case Allotment::kApiRequests:
        return api_requests;
      case Allotment::kBulkQueryJobs:
        return bulk_query_jobs;
      case Allotment::kBulkQueryBytes:
        return bulk_query_bytes;
      case Allotment::kDeliveredEvents:
        return delivered_events;
      case Allotment::kPublishedEvents:
        return published_events;
      case Allotment::kBulkBatches:
        return bulk_batches;
      case Allotment::kBulkRows:
        return bulk_rows;
    }
    return 0;
  }
};

}  // namespace firn::sandbox
