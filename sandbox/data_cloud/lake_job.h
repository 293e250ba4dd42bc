// One bulk job of the Ingestion API. A value; kept as one JSON text in data_cloud.db.
// Source: Data 360 Ingestion API reference, 'Bulk Ingestion', 'Create a Job', 'Get Job Info', read
// 2026-11.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/error.h"

namespace firn::sandbox {

struct LakeJob {
  int64_t number = 0;
  std::string id;  // a UUID
  std::string operation = "upsert";
  std::string object;
  std::string source;
  std::string user_id;
  UtcMicros created{};
  UtcMicros modified{};
  std::string state = "Open";  // UploadComplete InProgress JobComplete Failed Aborted
  int64_t files = 0;           // uploaded
  uint64_t rows = 0;           // read so far
  uint64_t bad_rows = 0;       // of them, left out
  int64_t took_ms = 0;
  std::string error;

  [[nodiscard]] bool ended() const {
    return state == "JobComplete" || state == "Failed" || state == "Aborted";
  }
};

[[nodiscard]] std::string ToText(const LakeJob& job);
// Errors: Corrupt (SBX-CLOUD-003).
[[nodiscard]] Result<LakeJob> LakeJobOf(std::string_view text);

}  // namespace firn::sandbox
