// What a batch of the first Bulk API reads and writes: records as JSON or CSV.
// Source: Bulk API 2.0 and Bulk API Developer Guide, 'Valid JSON Batch Records', 'Get Batch
// Results', 'Get Bulk Query Results', read 2026-11.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "sandbox/bulk/classic_job.h"
#include "sandbox/org.h"

namespace firn::sandbox {

// A query's row with its dates and datetimes as milliseconds since 1970, as Bulk JSON has them.
void AppendJsonRowWithEpochs(const RowCursor& cursor, int api_version, std::string& out);

// The rows of an ingest batch. Texts are views into `data` or stand here.
struct ClassicRows {
  std::vector<Cell> cells;
  std::vector<Mutation> mutations;
  std::vector<std::string> refused;  // by row: why it cannot be sent to the org; empty: it can
  std::deque<std::string> texts;
};
// Errors: api errors InvalidBatch, whose text the batch fails with.
[[nodiscard]] Result<void> ReadClassicRows(const ClassicJob& job, std::string_view data,
                                           ClassicRows& rows);
// In the order of the rows. Adds what failed to `failed`.
[[nodiscard]] std::string ClassicResults(const ClassicJob& job, const ClassicRows& rows,
                                         std::span<const RowOutcome> outcomes, uint64_t& failed);

}  // namespace firn::sandbox
