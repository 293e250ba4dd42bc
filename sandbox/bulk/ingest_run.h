// Runs one ingest job: its file into the org, batch by batch, and the result files beside it.
//
// Internal batches of 10,000 rows, transaction keys for every 200, commits of 2,000: after each
// commit the job can go on exactly there, since progress is committed with the rows. One thread.
// Source: Bulk API 2.0 and Bulk API Developer Guide, 'Understanding Bulk API 2.0 Ingest', 'Get Job
// Successful Record Results', 'Prepare CSV Files', read 2026-11.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sandbox/bulk/csv_rows.h"
#include "sandbox/bulk/ingest_job.h"
#include "sandbox/bulk/result_file.h"
#include "sandbox/org.h"

namespace firn::sandbox {

inline constexpr uint64_t kRowsPerInternalBatch = 10'000;
inline constexpr uint32_t kRowsPerChunk = 200;
inline constexpr int kBatchRetriesMax = 20;

struct IngestPaths {
  std::string data;
  std::string successful;
  std::string failed;
};

// What stops a run before its end.
enum class IngestStop {
  kNone,
  kAborted,    // by the client
  kParked,     // the sandbox shuts down: the job goes on at the next start
  kBatchFails  // the internal batch breaks off here (a fault): it is tried again
};

class IngestRun {
 public:
  struct Parts {
    Org& org;
    // Asked before each commit's rows, with the number of the next row.
    std::function<IngestStop(uint64_t row)> look;
    // How many rows from this one on may be committed before `look` must be asked again; above 0.
    std::function<uint64_t(uint64_t row)> room;
    // Told after each commit.
    std::function<void(const IngestProgress&)> done;
  };
  IngestRun(const IngestJob& job, IngestPaths paths, Parts parts);

  // Reads the header and finds where to go on. Errors: api errors whose text is what the job fails
  // with (`InvalidBatch : Field name not found : X`); the store's.
  [[nodiscard]] Result<void> Open();
  // The header against the schema as it is now. Errors: as Open.
  [[nodiscard]] Result<void> CheckHeader() const;
  // Rows up to the end of the current internal batch. kNone: all of them are in.
  [[nodiscard]] Result<IngestStop> RunBatch();
  [[nodiscard]] bool at_end() const { return at_end_; }
  [[nodiscard]] const IngestProgress& progress() const { return progress_; }

  static std::string NoteKey(const IngestJob& job) { return "ingest/" + job.id; }

 private:
  struct Column {
    std::string name;
    bool is_id = false;
  };
  // The rows of one commit.
  struct Block {
    std::vector<std::string_view> values;  // columns x rows, in the file's order
    std::vector<Cell> cells;
    std::vector<Mutation> mutations;
    std::vector<std::string> refused;  // by row: why it did not reach the org; empty: it did
    uint64_t rows = 0;
    void Clear();
  };

  [[nodiscard]] Result<void> CheckLineEnding() const;
  [[nodiscard]] Result<void> CheckColumns(const ObjectInfo& object) const;
  [[nodiscard]] Result<void> OpenResults();
  void Fill(Block& block, uint64_t rows_max);
  void AddRow(Block& block, CsvRows::Row kind, const std::vector<std::string_view>& row);
  void AddMutation(Block& block, size_t first_value);
  [[nodiscard]] Result<void> CommitBlock(Block& block);
  [[nodiscard]] Result<std::string> WriteResults(const Block& block,
                                                 std::span<const RowOutcome> outcomes,
                                                 IngestProgress& next);
  void AppendValues(const Block& block, uint64_t row, std::string& out) const;

  const IngestJob job_;
  const IngestPaths paths_;
  const Parts parts_;
  CsvFormat format_;
  std::optional<MappedFile> data_;
  std::optional<CsvRows> rows_;
  std::vector<Column> columns_;
  std::optional<ResultFile> successful_;
  std::optional<ResultFile> failed_;
  IngestProgress progress_;
  bool at_end_ = false;
};

// `CODE:message:fields --`, as sf__Error shows it.
[[nodiscard]] std::string RowErrorText(const Error& error);

}  // namespace firn::sandbox
