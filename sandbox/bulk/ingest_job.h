// One Bulk API 2.0 ingest job: what the client asked for and how far it has come.
//
// A value; kept as one JSON text in api.db. Source: Bulk API 2.0 and Bulk API Developer Guide,
// 'Create a Job', 'Get Information About an Ingest Job', read 2026-11.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/error.h"

namespace firn::sandbox {

struct IngestJob {
  int64_t number = 0;
  std::string id;         // 750.., 18 characters
  std::string operation;  // insert update upsert delete hardDelete
  std::string object;
  std::string external_id_field;  // of upsert
  std::string assignment_rule;
  std::string delimiter = "COMMA";
  std::string line_ending = "LF";
  int api_version = 0;
  std::string user_id;
  UtcMicros created{};
  UtcMicros modified{};
  std::string state = "Open";  // UploadComplete InProgress JobComplete Failed Aborted
  uint64_t data_bytes = 0;
  bool has_data = false;  // PUT is allowed once
  uint64_t rows = 0;      // numberRecordsProcessed, failed ones included
  uint64_t failed = 0;
  int64_t retries = 0;  // of internal batches
  int64_t took_ms = 0;
  std::string error;

  [[nodiscard]] bool ended() const {
    return state == "JobComplete" || state == "Failed" || state == "Aborted";
  }
};

[[nodiscard]] std::string ToText(const IngestJob& job);
// Errors: Corrupt (SBX-BULK-003).
[[nodiscard]] Result<IngestJob> IngestJobOf(std::string_view text);

// How far a running job's rows are in the org: kept with them, in their transaction.
struct IngestProgress {
  uint64_t offset = 0;  // in the data, of the next row
  uint64_t rows = 0;
  uint64_t failed = 0;
  uint64_t successful_bytes = 0;  // of the result files
  uint64_t failed_bytes = 0;
};

[[nodiscard]] std::string ToText(const IngestProgress& progress);
[[nodiscard]] IngestProgress IngestProgressOf(std::string_view text);  // of "": the start

}  // namespace firn::sandbox
