// A job of the first Bulk API (`/services/async/`) and its batches. Values; kept as JSON texts.
// Source: Bulk API 2.0 and Bulk API Developer Guide, 'Bulk API' part: 'JobInfo', 'BatchInfo', read
// 2026-11.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"

namespace firn::sandbox {

struct ClassicBatch {
  int64_t number = 0;
  std::string id;                // 751.., 18 characters
  std::string state = "Queued";  // InProgress Completed Failed NotProcessed
  std::string message;
  std::string query;  // of a query batch; ingest batches have their data in a file
  uint64_t rows = 0;
  uint64_t failed = 0;
  int64_t took_ms = 0;
  UtcMicros created{};
  UtcMicros modified{};

  [[nodiscard]] bool ended() const { return state != "Queued" && state != "InProgress"; }
};

struct ClassicJob {
  int64_t number = 0;
  std::string id;         // 750.., 18 characters
  std::string operation;  // query queryAll insert update upsert delete hardDelete
  std::string object;
  std::string external_id_field;
  std::string content_type = "XML";      // of the data: CSV JSON XML
  std::string concurrency = "Parallel";  // Serial
  std::string state = "Open";            // Closed Aborted
  uint64_t pk_chunk_rows = 0;            // 0: no PK chunking
  int api_version = 0;
  std::string user_id;
  UtcMicros created{};
  UtcMicros modified{};
  std::vector<ClassicBatch> batches;

  [[nodiscard]] bool is_query() const { return operation == "query" || operation == "queryAll"; }
};

[[nodiscard]] std::string ToText(const ClassicJob& job);
// Errors: Corrupt (SBX-BULK-003).
[[nodiscard]] Result<ClassicJob> ClassicJobOf(std::string_view text);

// What an answer tells of them, in the documents' order.
[[nodiscard]] nlohmann::ordered_json JobInfo(const ClassicJob& job);
[[nodiscard]] nlohmann::ordered_json BatchInfo(const ClassicJob& job, const ClassicBatch& batch);

}  // namespace firn::sandbox
